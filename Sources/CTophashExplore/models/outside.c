// Who can make a descriptor ready: threads of this program alone, or somebody outside.
//
// That a deadlock is one, and that time may pass at once, both hang on it.

#include "tophash_explore.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define DESCRIPTORS 4096
#define MEMBERS 1024

enum kind {
  UNKNOWN,
  INNER,   // eventfd, timerfd: this process's own
  PAIR,    // a pipe or a pair of sockets: whoever was given one end has it, too
  SOCKET,
  SET,     // of epoll: as its members are
};

static uint8_t kinds[DESCRIPTORS];
static int highest;

static struct member {
  int set, descriptor;
} members[MEMBERS];
static uint32_t member_count;
// There was no room for a member, and nobody knows any more.
static bool is_full;

static void note(int descriptor, enum kind kind) {
  if (descriptor < 0 || descriptor >= DESCRIPTORS) return;
  kinds[descriptor] = (uint8_t)kind;
  if (descriptor > highest) highest = descriptor;
}

void tophash_note_inner_descriptor(int descriptor) { note(descriptor, INNER); }
void tophash_note_pair(int descriptor) { note(descriptor, PAIR); }
void tophash_note_socket(int descriptor) { note(descriptor, SOCKET); }
void tophash_note_set(int descriptor) { note(descriptor, SET); }

static void remove_members(int set, int descriptor) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < member_count; i++) {
    bool is_set = set == -1 || members[i].set == set;
    bool is_it = descriptor == -1 || members[i].descriptor == descriptor;
    if (!is_set || !is_it) members[kept++] = members[i];
  }
  member_count = kept;
}

void tophash_note_member(int set, int operation, int descriptor) {
  if (operation == EPOLL_CTL_MOD) return;
  bool is_added = operation == EPOLL_CTL_ADD;
  tophash_timer_note_set(descriptor, is_added ? set : -1);
  if (!is_added) return remove_members(set, descriptor);
  is_full |= member_count == MEMBERS;
  if (!is_full) members[member_count++] = (struct member){.set = set, .descriptor = descriptor};
}

/// The number may belong to another one from here on.
void tophash_note_closed(int descriptor) {
  note(descriptor, UNKNOWN);
  remove_members(-1, descriptor);
  remove_members(descriptor, -1);
  tophash_timer_close(descriptor);
}

// MARK: Sockets

union address {
  struct sockaddr any;
  struct sockaddr_in in;
  struct sockaddr_in6 in6;
  struct sockaddr_un un;
};

static bool are_same(const union address *peer, const union address *own) {
  if (peer->any.sa_family != own->any.sa_family) return false;
  if (peer->any.sa_family == AF_INET) {
    bool is_there = own->in.sin_addr.s_addr == peer->in.sin_addr.s_addr ||
                    own->in.sin_addr.s_addr == INADDR_ANY;
    return is_there && own->in.sin_port == peer->in.sin_port;
  }
  if (peer->any.sa_family == AF_INET6) {
    bool is_there =
        memcmp(&own->in6.sin6_addr, &peer->in6.sin6_addr, sizeof own->in6.sin6_addr) == 0 ||
        IN6_IS_ADDR_UNSPECIFIED(&own->in6.sin6_addr);
    return is_there && own->in6.sin6_port == peer->in6.sin6_port;
  }
  return false;
}

/// Whether one of this process's sockets has that address: the other end of a connection, or the
/// one that will accept it.
static bool is_own_address(const union address *peer) {
  for (int i = 0; i <= highest; i++) {
    union address own = {0};
    socklen_t length = sizeof own;
    if (kinds[i] != SOCKET || getsockname(i, &own.any, &length) != 0) continue;
    if (are_same(peer, &own)) return true;
  }
  return false;
}

static enum tophash_outside of_pair(void) {
  return tophash_has_spawned() ? TOPHASH_OUTSIDE_POSSIBLE : TOPHASH_OUTSIDE_NOTHING;
}

static int option(int descriptor, int name) {
  int value = 0;
  socklen_t size = sizeof value;
  return getsockopt(descriptor, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

static enum tophash_outside of_socket(int descriptor) {
  // Anybody may connect, or send to it.
  bool is_stream = option(descriptor, SO_TYPE) == SOCK_STREAM;
  if (option(descriptor, SO_ACCEPTCONN) == 1 || !is_stream) return TOPHASH_OUTSIDE_POSSIBLE;
  union address peer = {0};
  socklen_t length = sizeof peer;
  if (getpeername(descriptor, &peer.any, &length) != 0) return TOPHASH_OUTSIDE_EXPECTED;
  if (peer.any.sa_family != AF_UNIX)
    return !is_own_address(&peer)    ? TOPHASH_OUTSIDE_EXPECTED
           : tophash_has_spawned() ? TOPHASH_OUTSIDE_POSSIBLE
                                   : TOPHASH_OUTSIDE_UNDERWAY;
  struct ucred owner = {0};
  socklen_t size = sizeof owner;
  bool is_known = getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &owner, &size) == 0;
  return is_known && owner.pid == getpid() ? of_pair() : TOPHASH_OUTSIDE_EXPECTED;
}

// Ports that this program has connected from: the other end may be closed when it is accepted.
static uint8_t client_ports[65536 / 8];

static uint16_t port_of(const union address *address) {
  if (address->any.sa_family == AF_INET) return ntohs(address->in.sin_port);
  return address->any.sa_family == AF_INET6 ? ntohs(address->in6.sin6_port) : 0;
}

void tophash_note_client(int descriptor) {
  union address own = {0};
  socklen_t length = sizeof own;
  if (getsockname(descriptor, &own.any, &length) != 0) return;
  uint16_t port = port_of(&own);
  client_ports[port / 8] |= (uint8_t)(1 << port % 8);
}

bool tophash_was_client(int descriptor) {
  union address peer = {0};
  socklen_t length = sizeof peer;
  // One that is gone already was there long enough to be noted by the kernel alone.
  if (getpeername(descriptor, &peer.any, &length) != 0) return true;
  uint16_t port = port_of(&peer);
  return port != 0 && client_ports[port / 8] >> port % 8 & 1;
}

// MARK: Asking

static enum tophash_outside of_set(int set) {
  enum tophash_outside most = is_full ? TOPHASH_OUTSIDE_POSSIBLE : TOPHASH_OUTSIDE_NOTHING;
  for (uint32_t i = 0; i < member_count; i++) {
    if (members[i].set != set || members[i].descriptor == set) continue;
    enum tophash_outside outside = tophash_outside_of(members[i].descriptor);
    if (outside > most) most = outside;
  }
  return most;
}

enum tophash_outside tophash_outside_of(int descriptor) {
  if (descriptor < 0) return TOPHASH_OUTSIDE_NOTHING;
  if (descriptor >= DESCRIPTORS) return TOPHASH_OUTSIDE_POSSIBLE;
  switch (kinds[descriptor]) {
    case INNER: return TOPHASH_OUTSIDE_NOTHING;
    case PAIR: return of_pair();
    case SOCKET: return of_socket(descriptor);
    case SET: return of_set(descriptor);
    default: return TOPHASH_OUTSIDE_POSSIBLE;
  }
}
