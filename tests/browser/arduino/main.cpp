#include SKETCH

int main() {
  setup();
  loop();
}
