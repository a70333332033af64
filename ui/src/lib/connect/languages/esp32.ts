import type { Language } from '../language';
import { cppLiteral as quote } from '../quote';
import { streamUrl, topicUrl } from '../url';

const HEAD = `\
#include <HTTPClient.h>
#include <WiFi.h>

void setup() {
  Serial.begin(115200);
  WiFi.begin("network", "password");
  while (WiFi.status() != WL_CONNECTED) delay(200);
`;

export const esp32: Language = {
  id: 'esp32',
  name: 'Arduino (ESP32)',
  requires: 'The Arduino core for the ESP32, and nothing else.',
  note: 'Put in the name and the password of your network.',
  snippet: {
    publish: ({ base, topic, message }) => `\
${HEAD}
  HTTPClient http;
  http.begin(${quote(topicUrl(base, topic))});
  int status = http.PUT(${quote(message)});
  if (status != 204) Serial.println("not published: " + String(status));
  http.end();
}

void loop() {}
`,
    follow: ({ base, topic }) => `\
${HEAD}}

void loop() {
  HTTPClient http;
  http.useHTTP10(true);  // the lines come as they are, not cut into chunks
  http.begin(${quote(streamUrl(base, topic))});
  http.addHeader("Accept", "application/x-ndjson");
  if (http.GET() == 200) {
    WiFiClient *stream = http.getStreamPtr();
    while (http.connected()) {
      if (!stream->available()) {
        delay(10);
        continue;
      }
      // A message in JSON; an empty line is a sign of life.
      String line = stream->readStringUntil('\\n');
      if (line.length() > 0) Serial.println(line);
    }
  }
  http.end();
  delay(1000);
}
`,
    value: ({ base, topic }) => `\
${HEAD}
  HTTPClient http;
  http.begin(${quote(topicUrl(base, topic))});
  int status = http.GET();
  if (status == 200) Serial.println(http.getString());
  else Serial.println("no value: " + String(status));
  http.end();
}

void loop() {}
`,
  },
};
