// As much of the Arduino core for the ESP32 as a sketch of the page needs to be
// compiled, with the signatures of its version 3. It tells what it is asked for.
#pragma once
#include <cstdio>
#include <string>

class String {
 public:
  String(const char *text = "") : text_(text) {}
  explicit String(int number) : text_(std::to_string(number)) {}
  unsigned int length() const { return text_.length(); }
  const char *c_str() const { return text_.c_str(); }
  friend String operator+(const String &a, const String &b) {
    return String((a.text_ + b.text_).c_str());
  }

 private:
  std::string text_;
};

struct HardwareSerial {
  void begin(unsigned long) {}
  size_t println(const String &text) { return std::printf("%s\n", text.c_str()); }
};
inline HardwareSerial Serial;

inline void delay(unsigned) {}

enum wl_status_t { WL_CONNECTED = 3 };

struct WiFiClass {
  wl_status_t begin(const char *, const char *) { return WL_CONNECTED; }
  wl_status_t status() { return WL_CONNECTED; }
};
inline WiFiClass WiFi;

struct WiFiClient {
  int available() { return 0; }
  String readStringUntil(char) { return String(); }
};
