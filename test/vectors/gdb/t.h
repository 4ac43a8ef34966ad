#include <stdint.h>
#include <stddef.h>
struct socket { long so_state; const char *so_name; struct socket *so_next; uint8_t so_data[40]; };
struct iovec { uint8_t *iov_base; long iov_len; };
typedef struct E1000State { uint32_t mac_reg[0x8000]; } E1000State;
int total = 40;
uint8_t bytes[60] = {0x52, 0x54, 0, 0x12, 0x34, 0x56};
struct socket so1 = {4, "hello", NULL, {1, 2, 3}};
struct iovec iovs[2];
E1000State nic;
E1000State *s = &nic;
