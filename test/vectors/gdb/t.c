#include "t.h"
int add(struct socket *so, int x, uint8_t *buf) {
  int y = x + 1;
  for (int i = 0; i < 3; i++) {
    total += i;
  }
  return y + so->so_state;
}

int mid(int z) {
  return add(&so1, z, bytes) * 2;
}

int main(int argc) {
  int r = mid(3);
  return r;
}
