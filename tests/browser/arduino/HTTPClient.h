#pragma once
#include "WiFi.h"

class HTTPClient {
 public:
  bool begin(String url) {
    url_ = url;
    return true;
  }
  void useHTTP10(bool) {}
  void addHeader(const String &name, const String &value) {
    std::printf("%s: %s\n", name.c_str(), value.c_str());
  }
  int PUT(String payload) { return send("PUT", payload, 204); }
  int GET() { return send("GET", String(), 200); }
  bool connected() { return false; }
  String getString() { return String("the value"); }
  WiFiClient *getStreamPtr() { return &client_; }
  void end() {}

 private:
  int send(const char *method, const String &payload, int status) {
    std::printf("%s %s\n%s\n", method, url_.c_str(), payload.c_str());
    return status;
  }
  String url_;
  WiFiClient client_;
};
