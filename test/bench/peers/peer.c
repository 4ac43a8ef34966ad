/*
 * The host's side of the benchmarks, in C so that it costs as little as that of slirp_bench:
 *   peer echo | sink            prints the port it is on
 *   peer source BYTES           reads the port to connect to from its standard input
 *   peer conn COUNT CONC [--guest-closes]
 * At its end it prints a JSON line: what came of it, and its CPU time.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static char buf[262144];
static struct sockaddr_in to = { .sin_family = AF_INET };
static long per_thread;
static int guest_closes;

static void finish(long long result)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    printf("{\"result\":%lld,\"user_s\":%.6f,\"sys_s\":%.6f}\n", result, u.ru_utime.tv_sec + u.ru_utime.tv_usec / 1e6,
           u.ru_stime.tv_sec + u.ru_stime.tv_usec / 1e6);
    fflush(stdout);
    exit(0);
}

static int on_loopback(int type)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t l = sizeof a;
    int s = socket(AF_INET, type, 0);
    if (s < 0 || bind(s, (void *)&a, l) || (type == SOCK_STREAM && listen(s, 8)) || getsockname(s, (void *)&a, &l)) {
        perror("peer");
        exit(1);
    }
    printf("%d\n", ntohs(a.sin_port));
    fflush(stdout);
    return s;
}

static void read_port(void)
{
    int port;
    if (scanf("%d", &port) != 1) exit(1);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(port);
}

static void echo(void)
{
    int s = on_loopback(SOCK_DGRAM);
    struct sockaddr_in a;
    for (;;) {
        socklen_t l = sizeof a;
        ssize_t r = recvfrom(s, buf, sizeof buf, 0, (void *)&a, &l);
        if (r == 1) finish(0);
        if (r > 0) sendto(s, buf, r, 0, (void *)&a, l);
    }
}

static void sink(void)
{
    int s = accept(on_loopback(SOCK_STREAM), 0, 0);
    long long total = 0;
    ssize_t r;
    while ((r = read(s, buf, sizeof buf)) > 0) total += r;
    close(s);
    finish(total);
}

static void source(long long left)
{
    for (size_t i = 0; i < sizeof buf; i++) buf[i] = i * 31;
    read_port();
    int s = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(s, (void *)&to, sizeof to)) finish(-1);
    while (left > 0) {
        ssize_t r = write(s, buf, left < (long long)sizeof buf ? left : (long long)sizeof buf);
        if (r <= 0) finish(-1);
        left -= r;
    }
    shutdown(s, SHUT_WR);
    while (read(s, buf, sizeof buf) > 0) ;
    finish(0);
}

static void *connections(void *bad)
{
    char b[128];
    memset(b, 'q', sizeof b);
    for (long i = 0; i < per_thread; i++) {
        int s = socket(AF_INET, SOCK_STREAM, 0), got = 0;
        ssize_t r;
        if (connect(s, (void *)&to, sizeof to)) { ++*(long *)bad; close(s); continue; }
        if (write(s, b, 100) != 100) ++*(long *)bad;
        while (got < 100 && (r = read(s, b, sizeof b)) > 0) got += r;
        if (got != 100) ++*(long *)bad;
        if (guest_closes && read(s, b, sizeof b) != 0) ++*(long *)bad;
        close(s);
    }
    return NULL;
}

static void conn(long count, int conc)
{
    pthread_t th[256];
    long bad[256] = { 0 }, sum = 0;
    if (conc < 1 || conc > 256) exit(1);
    per_thread = count / conc;
    read_port();
    for (int i = 0; i < conc; i++) pthread_create(&th[i], 0, connections, &bad[i]);
    for (int i = 0; i < conc; i++) { pthread_join(th[i], 0); sum += bad[i]; }
    finish(sum);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    signal(SIGPIPE, SIG_IGN);
    guest_closes = argc > 4 && !strcmp(argv[4], "--guest-closes");
    if (!strcmp(what, "echo")) echo();
    if (!strcmp(what, "sink")) sink();
    if (!strcmp(what, "source") && argc > 2) source(atoll(argv[2]));
    if (!strcmp(what, "conn") && argc > 3) conn(atol(argv[2]), atoi(argv[3]));
    fprintf(stderr, "usage: peer echo|sink|source BYTES|conn COUNT CONC [--guest-closes]\n");
    return 2;
}
