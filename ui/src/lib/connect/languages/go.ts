import type { Language } from '../language';
import { goLiteral as quote } from '../quote';
import { streamUrl, topicUrl } from '../url';

export const go: Language = {
  id: 'go',
  name: 'Go',
  requires: 'Go, and nothing else.',
  snippet: {
    publish: ({ base, topic, message }) => `\
package main

import (
	"io"
	"log"
	"net/http"
	"strings"
)

func main() {
	url := ${quote(topicUrl(base, topic))}
	message := ${quote(message)}
	answer, err := http.Post(url, "text/plain", strings.NewReader(message))
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusNoContent {
		problem, _ := io.ReadAll(answer.Body)
		log.Fatalf("%s: %s", answer.Status, problem)
	}
}
`,
    follow: ({ base, topic }) => `\
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"net/http"
)

func main() {
	url := ${quote(streamUrl(base, topic))}
	request, err := http.NewRequest("GET", url, nil)
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("Accept", "application/x-ndjson")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
	stream := json.NewDecoder(answer.Body)
	for {
		var news struct{ Message string }
		if err := stream.Decode(&news); err != nil {
			log.Fatal(err)
		}
		fmt.Println(news.Message)
	}
}
`,
    value: ({ base, topic }) => `\
package main

import (
	"io"
	"log"
	"net/http"
	"os"
)

func main() {
	answer, err := http.Get(${quote(topicUrl(base, topic))})
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		log.Fatal(answer.Status)
	}
	if _, err := io.Copy(os.Stdout, answer.Body); err != nil {
		log.Fatal(err)
	}
}
`,
  },
};
