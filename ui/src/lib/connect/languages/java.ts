import type { Language } from '../language';
import { javaLiteral as quote } from '../quote';
import { streamUrl, topicUrl } from '../url';

const IMPORTS = `\
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
`;

export const java: Language = {
  id: 'java',
  name: 'Java',
  requires: 'Java 11 or later, and nothing else.',
  snippet: {
    publish: ({ base, topic, message }) => `\
${IMPORTS}
class Publish {
  public static void main(String[] arguments) throws Exception {
    var message = ${quote(message)};
    var request = HttpRequest.newBuilder(URI.create(${quote(topicUrl(base, topic))}))
        .PUT(HttpRequest.BodyPublishers.ofString(message))
        .build();
    var answer = HttpClient.newHttpClient().send(request, BodyHandlers.ofString());
    if (answer.statusCode() != 204) throw new Exception(answer.body());
  }
}
`,
    follow: ({ base, topic }) => `\
${IMPORTS}
class Follow {
  public static void main(String[] arguments) throws Exception {
    var request = HttpRequest.newBuilder(URI.create(${quote(streamUrl(base, topic))}))
        .header("Accept", "application/x-ndjson")
        .build();
    var answer = HttpClient.newHttpClient().send(request, BodyHandlers.ofLines());
    // Each line is a message in JSON; an empty one is a sign of life.
    answer.body().filter(line -> !line.isEmpty()).forEach(System.out::println);
  }
}
`,
    value: ({ base, topic }) => `\
${IMPORTS}
class Value {
  public static void main(String[] arguments) throws Exception {
    var request = HttpRequest.newBuilder(URI.create(${quote(topicUrl(base, topic))})).build();
    var answer = HttpClient.newHttpClient().send(request, BodyHandlers.ofString());
    if (answer.statusCode() != 200) throw new Exception(answer.body());
    System.out.println(answer.body());
  }
}
`,
  },
};
