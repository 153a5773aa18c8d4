/*
 * The job of N netns with nothing between it and the kernel: `floor up N` and `floor down N`. Links, addresses and routes by
 * rtnetlink(7), a netns by unshare(2) and a bind mount of its name, the rules by one iptables-restore. All links of the host
 * are of one group, so that one request takes them away.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

enum { GROUP = 77, FIRST_INDEX = 100000, INSIDE_INDEX = 2, LOOPBACK_INDEX = 1 };

static union { struct nlmsghdr head; char bytes[512]; } request;

static void begin(int type, int flags, const void *body, size_t size) {
  memset(&request, 0, sizeof request);
  request.head = (struct nlmsghdr){NLMSG_LENGTH(size), type, NLM_F_REQUEST | NLM_F_ACK | flags, 1, 0};
  memcpy(NLMSG_DATA(&request.head), body, size);
}

static struct rtattr *put(int type, const void *data, size_t size) {
  struct rtattr *attribute = (void *)(request.bytes + NLMSG_ALIGN(request.head.nlmsg_len));
  *attribute = (struct rtattr){RTA_LENGTH(size), type};
  if (size > 0) memcpy(RTA_DATA(attribute), data, size);
  request.head.nlmsg_len = NLMSG_ALIGN(request.head.nlmsg_len) + RTA_ALIGN(attribute->rta_len);
  return attribute;
}

static void end(struct rtattr *nest) { nest->rta_len = request.bytes + request.head.nlmsg_len - (char *)nest; }

static void ask(int socket, const char *what) {
  struct { struct nlmsghdr head; struct nlmsgerr error; char rest[1024]; } answer;
  if (send(socket, &request, request.head.nlmsg_len, 0) < 0 || recv(socket, &answer, sizeof answer, 0) < 0) err(1, "%s", what);
  if (answer.error.error != 0) errx(1, "%s: %s", what, strerror(-answer.error.error));
}

static void add_veth(int socket, int number, int host_netns) {
  char name[IFNAMSIZ];
  uint32_t group = GROUP, netns = host_netns;
  struct ifinfomsg inside = {.ifi_index = INSIDE_INDEX}, outside = {.ifi_index = FIRST_INDEX + number};
  begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &inside, sizeof inside);
  put(IFLA_IFNAME, "eth0", 5);
  struct rtattr *info = put(IFLA_LINKINFO, NULL, 0);
  put(IFLA_INFO_KIND, "veth", 4);
  struct rtattr *data = put(IFLA_INFO_DATA, NULL, 0);
  struct rtattr *peer = put(VETH_INFO_PEER, &outside, sizeof outside);
  put(IFLA_IFNAME, name, snprintf(name, sizeof name, "v%d", number) + 1);
  put(IFLA_GROUP, &group, sizeof group);
  put(IFLA_NET_NS_FD, &netns, sizeof netns);
  end(peer), end(data), end(info);
  ask(socket, "link add");
}

static void add_address(int socket, int index, uint32_t address) {
  struct ifaddrmsg body = {.ifa_family = AF_INET, .ifa_prefixlen = 30, .ifa_index = index};
  uint32_t local = htonl(address);
  begin(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &body, sizeof body);
  put(IFA_LOCAL, &local, sizeof local);
  put(IFA_ADDRESS, &local, sizeof local);
  ask(socket, "address add");
}

static void set_up(int socket, int index) {
  struct ifinfomsg body = {.ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
  begin(RTM_NEWLINK, 0, &body, sizeof body);
  ask(socket, "link set up");
}

static void add_route(int socket, uint32_t gateway) {
  struct rtmsg body = {AF_INET, .rtm_table = RT_TABLE_MAIN, .rtm_protocol = RTPROT_BOOT, .rtm_type = RTN_UNICAST};
  uint32_t via = htonl(gateway);
  begin(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &body, sizeof body);
  put(RTA_GATEWAY, &via, sizeof via);
  ask(socket, "route add");
}

static int open_netlink(void) {
  int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (netlink < 0) err(1, "socket");
  return netlink;
}

static const char *path_of(int number) {
  static char path[64];
  snprintf(path, sizeof path, "/run/netns/many%d", number);
  return path;
}

static void make(int number, int host, int host_netns) {
  uint32_t prefix = 10u << 24 | number * 4;
  close(open(path_of(number), O_CREAT | O_EXCL, 0444));
  if (unshare(CLONE_NEWNET) < 0 || mount("/proc/thread-self/ns/net", path_of(number), NULL, MS_BIND, NULL) < 0) err(1, "netns");
  int inside = open_netlink();
  add_veth(inside, number, host_netns);
  add_address(inside, INSIDE_INDEX, prefix + 2);
  set_up(inside, INSIDE_INDEX);
  set_up(inside, LOOPBACK_INDEX);
  add_route(inside, prefix + 1);
  close(inside);
  add_address(host, FIRST_INDEX + number, prefix + 1);
  set_up(host, FIRST_INDEX + number);
}

static void unmake_all(int host, int count) {
  struct ifinfomsg body = {0};
  uint32_t group = GROUP;
  begin(RTM_DELLINK, 0, &body, sizeof body);
  put(IFLA_GROUP, &group, sizeof group);
  ask(host, "link delete group");
  for (int number = 1; number <= count; number++)
    if (umount2(path_of(number), MNT_DETACH) < 0 || unlink(path_of(number)) < 0) err(1, "netns delete");
}

static void rules(const char *change, int count) {
  FILE *restore = popen("iptables-restore --noflush", "w");
  fprintf(restore, "*nat\n");
  for (int i = 1; i <= count; i++)
    fprintf(restore, "%s POSTROUTING -s 10.%d.%d.%d/30 -o eth0 -j MASQUERADE\n", change, i * 4 >> 16, i * 4 >> 8 & 255, i * 4 & 255);
  fprintf(restore, "COMMIT\n*filter\n");
  for (int i = 1; i <= count; i++)
    fprintf(restore, "%s FORWARD -i v%d -o eth0 -j ACCEPT\n%s FORWARD -i eth0 -o v%d -m state --state RELATED,ESTABLISHED -j ACCEPT\n", change, i, change, i);
  fprintf(restore, "COMMIT\n");
  if (pclose(restore) != 0) errx(1, "iptables-restore failed");
}

static void forward(const char *value) {
  int file = open("/proc/sys/net/ipv4/ip_forward", O_WRONLY);
  if (write(file, value, 1) != 1) err(1, "ip_forward");
}

int main(int argc, char **argv) {
  int count = argc == 3 ? atoi(argv[2]) : 0, host = open_netlink(), netns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  if (count > 0 && strcmp(argv[1], "up") == 0) {
    for (int i = 1; i <= count; i++) make(i, host, netns);
    if (setns(netns, CLONE_NEWNET) < 0) err(1, "setns");
    forward("1");
    rules("-A", count);
  } else if (count > 0 && strcmp(argv[1], "down") == 0) {
    rules("-D", count);
    forward("0");
    unmake_all(host, count);
  } else errx(2, "expected: floor up|down COUNT");
}
