#include <stddef.h>
struct mbuf { struct mbuf *ifq_next; int m_len; unsigned char *m_data; };
struct socket { int so_state; };
int drops;
unsigned char bytes[60];

void tcp_input(struct mbuf *m, int iphlen, struct socket *inso, int af) {
  int len = m->m_len;
  if (inso != NULL) {
    drops++;
  }
  if (len > iphlen) {
    drops += af;
  }
  m->m_len = len + 1;
  drops += len;
}

void ip_input(struct mbuf *m) {
  int iphlen = 20;
  if (m->m_len > 0) {
    tcp_input(m, iphlen, NULL, 2);
  }
  drops--;
}

int main(int argc, char **argv) {
  struct mbuf m = {&m, 44, bytes};
  for (int i = 0; i < 20; i++) {
    ip_input(&m);
  }
  return argc - 1;
}
