// Virtual time: it passes when no thread can go on, when somebody is let in out of a sleep, and a
// little with each look at the clock.

#include "tophash_explore.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <unistd.h>

// Every run begins at the same moment: 2026-01-01, on a machine that started an hour before.
#define START_OF_DAY 1767225600ull
#define START_OF_MACHINE 3600ull
#define SECOND 1000000000ull
// A loop that waits for the clock must end some day.
#define GLANCE 1000

TOPHASH_REAL(int, clock_gettime, (clockid_t, struct timespec *))
TOPHASH_REAL(int, gettimeofday, (struct timeval *, void *))
TOPHASH_REAL(time_t, time, (time_t *))
TOPHASH_REAL(int, nanosleep, (const struct timespec *, struct timespec *))
TOPHASH_REAL(int, clock_nanosleep,
             (clockid_t, int, const struct timespec *, struct timespec *))
TOPHASH_REAL(int, usleep, (useconds_t))
TOPHASH_REAL(unsigned, sleep, (unsigned))
TOPHASH_REAL(int, sched_yield, (void))

static uint64_t *clock_word(void) { return &tophash_run.file->account.time; }

uint64_t tophash_now(void) { return *clock_word() + 1; }

static bool is_real(clockid_t clock) {
  return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_TAI;
}

static uint64_t start_of(clockid_t clock) {
  return (is_real(clock) ? START_OF_DAY : START_OF_MACHINE) * SECOND;
}

static uint64_t in_nanoseconds(const struct timespec *time) {
  if (time->tv_sec < 0) return 0;
  if ((uint64_t)time->tv_sec > UINT64_MAX / SECOND / 2) return UINT64_MAX / 2;
  return (uint64_t)time->tv_sec * SECOND + (uint64_t)time->tv_nsec;
}

uint64_t tophash_deadline_at(clockid_t clock, const struct timespec *time) {
  if (time == NULL) return 0;
  uint64_t at = in_nanoseconds(time), start = start_of(clock);
  uint64_t deadline = at > start ? at - start : 0;
  return deadline > *clock_word() ? deadline : tophash_now();
}

uint64_t tophash_deadline_in(const struct timespec *duration) {
  return tophash_now() + in_nanoseconds(duration);
}

// MARK: Clocks

static struct timespec look(clockid_t clock) {
  uint64_t now = start_of(clock) + (*clock_word() += GLANCE);
  return (struct timespec){.tv_sec = (time_t)(now / SECOND), .tv_nsec = (long)(now % SECOND)};
}

static bool is_virtual(clockid_t clock) {
  return tophash_self != NULL && clock != CLOCK_PROCESS_CPUTIME_ID &&
         clock != CLOCK_THREAD_CPUTIME_ID && clock >= 0;
}

TOPHASH_EXPORT int clock_gettime(clockid_t clock, struct timespec *time) {
  if (!is_virtual(clock)) return clock_gettime_real()(clock, time);
  *time = look(clock);
  return 0;
}

TOPHASH_EXPORT int gettimeofday(struct timeval *restrict time, void *restrict zone) {
  if (tophash_self == NULL) return gettimeofday_real()(time, zone);
  struct timespec now = look(CLOCK_REALTIME);
  *time = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
  return 0;
}

TOPHASH_EXPORT time_t time(time_t *into) {
  if (tophash_self == NULL) return time_real()(into);
  time_t now = look(CLOCK_REALTIME).tv_sec;
  if (into != NULL) *into = now;
  return now;
}

// MARK: Sleeping

/// How much of the sleep is left, in nanoseconds: 0 unless a signal ended it.
static uint64_t sleep_until(struct tophash_thread *self, uint64_t deadline,
                            struct tophash_site site) {
  tophash_wait(self, TOPHASH_POINT_SLEEP, NULL, deadline, site);
  bool is_interrupted = self->interrupted != TOPHASH_GOES_ON;
  tophash_leave(self);
  if (!is_interrupted || self->timed_out || deadline <= *clock_word()) return 0;
  return deadline - *clock_word();
}

static void leave_rest(uint64_t rest, struct timespec *left) {
  if (left == NULL) return;
  *left = (struct timespec){.tv_sec = (time_t)(rest / SECOND), .tv_nsec = (long)(rest % SECOND)};
}

TOPHASH_EXPORT int nanosleep(const struct timespec *duration, struct timespec *left) {
  struct tophash_thread *self = tophash_enter();
  if (self == NULL) return nanosleep_real()(duration, left);
  uint64_t rest = sleep_until(self, tophash_deadline_in(duration), TOPHASH_SITE);
  if (rest == 0) return 0;
  leave_rest(rest, left);
  errno = EINTR;
  return -1;
}

TOPHASH_EXPORT int clock_nanosleep(clockid_t clock, int flags, const struct timespec *time,
                                   struct timespec *left) {
  struct tophash_thread *self = tophash_enter();
  if (self == NULL) return clock_nanosleep_real()(clock, flags, time, left);
  bool is_absolute = flags & TIMER_ABSTIME;
  uint64_t deadline =
      is_absolute ? tophash_deadline_at(clock, time) : tophash_deadline_in(time);
  uint64_t rest = sleep_until(self, deadline, TOPHASH_SITE);
  if (rest == 0) return 0;
  if (!is_absolute) leave_rest(rest, left);
  return EINTR;
}

TOPHASH_EXPORT int usleep(useconds_t duration) {
  struct tophash_thread *self = tophash_enter();
  if (self == NULL) return usleep_real()(duration);
  uint64_t rest = sleep_until(self, tophash_now() + duration * 1000ull, TOPHASH_SITE);
  if (rest == 0) return 0;
  errno = EINTR;
  return -1;
}

TOPHASH_EXPORT unsigned sleep(unsigned seconds) {
  struct tophash_thread *self = tophash_enter();
  if (self == NULL) return sleep_real()(seconds);
  uint64_t rest = sleep_until(self, tophash_now() + seconds * SECOND, TOPHASH_SITE);
  return (unsigned)((rest + SECOND - 1) / SECOND);
}

TOPHASH_EXPORT int sched_yield(void) {
  struct tophash_thread *self = tophash_enter();
  if (self == NULL) return sched_yield_real()();
  tophash_point(self, TOPHASH_POINT_YIELD, NULL, TOPHASH_SITE);
  tophash_leave(self);
  return 0;
}

// MARK: Timers that are descriptors
//
// The real timer stays still until virtual time has come to its deadline; then it is made to
// expire at once, so that reading and polling it work as ever.

#define TIMERS_MAX 64

TOPHASH_REAL(int, timerfd_create, (int, int))
TOPHASH_REAL(int, timerfd_settime, (int, int, const struct itimerspec *, struct itimerspec *))

static struct timer {
  int descriptor;     // -1: closed
  int set;            // of epoll, that it is in; -1 for none
  clockid_t clock;
  uint64_t deadline;  // 0: not set
  uint64_t interval;
} timers[TIMERS_MAX];
static uint32_t timer_count;

TOPHASH_EXPORT int timerfd_create(clockid_t clock, int flags) {
  struct tophash_thread *self = tophash_enter();
  int descriptor = timerfd_create_real()(clock, flags);
  if (self == NULL) return descriptor;
  uint32_t at = 0;
  while (at < timer_count && timers[at].descriptor != -1) at++;
  if (descriptor >= 0 && at < TIMERS_MAX) {
    if (at == timer_count) timer_count++;
    timers[at] = (struct timer){.descriptor = descriptor, .set = -1, .clock = clock};
    tophash_note_inner_descriptor(descriptor);
  }
  tophash_leave(self);
  return descriptor;
}

static struct timer *timer_of(int descriptor) {
  for (uint32_t i = 0; i < timer_count; i++)
    if (timers[i].descriptor == descriptor) return &timers[i];
  return NULL;
}

void tophash_timer_note_set(int descriptor, int set) {
  struct timer *timer = descriptor >= 0 ? timer_of(descriptor) : NULL;
  if (timer != NULL) timer->set = set;
}

void tophash_timer_close(int descriptor) {
  struct timer *timer = descriptor >= 0 ? timer_of(descriptor) : NULL;
  if (timer != NULL) *timer = (struct timer){.descriptor = -1, .set = -1};
}

TOPHASH_EXPORT int timerfd_settime(int descriptor, int flags, const struct itimerspec *new,
                                   struct itimerspec *old) {
  struct tophash_thread *self = tophash_enter();
  struct timer *timer = self != NULL ? timer_of(descriptor) : NULL;
  if (timer == NULL) {
    if (self != NULL) tophash_leave(self);
    return timerfd_settime_real()(descriptor, flags, new, old);
  }
  static const struct itimerspec never;
  int status = timerfd_settime_real()(descriptor, 0, &never, old);
  bool is_set = new->it_value.tv_sec != 0 || new->it_value.tv_nsec != 0;
  timer->interval = in_nanoseconds(&new->it_interval);
  timer->deadline = !is_set ? 0
                    : flags & TFD_TIMER_ABSTIME
                        ? tophash_deadline_at(timer->clock, &new->it_value)
                        : tophash_deadline_in(&new->it_value);
  tophash_leave(self);
  return status;
}

uint64_t tophash_timer_next(void) {
  uint64_t earliest = 0;
  for (uint32_t i = 0; i < timer_count; i++)
    if (timers[i].deadline != 0 && (earliest == 0 || timers[i].deadline < earliest))
      earliest = timers[i].deadline;
  return earliest;
}

bool tophash_timer_is_awaited(const struct pollfd *descriptors, uint32_t count, uint64_t deadline) {
  for (uint32_t i = 0; i < timer_count; i++) {
    if (timers[i].deadline == 0 || timers[i].deadline > deadline) continue;
    for (uint32_t j = 0; j < count; j++) {
      int descriptor = descriptors[j].fd;
      bool is_it = descriptor == timers[i].descriptor || descriptor == timers[i].set;
      if (descriptor >= 0 && is_it) return true;
    }
  }
  return false;
}

void tophash_timer_expire(uint64_t now) {
  bool expired = false;
  for (uint32_t i = 0; i < timer_count; i++) {
    struct timer *timer = &timers[i];
    if (timer->deadline == 0 || timer->deadline > now) continue;
    timer->deadline = timer->interval != 0 ? timer->deadline + timer->interval : 0;
    struct itimerspec at_once = {.it_value = {.tv_nsec = 1}};
    timerfd_settime_real()(timer->descriptor, 0, &at_once, NULL);
    struct pollfd fired = {.fd = timer->descriptor, .events = POLLIN};
    struct timespec limit = {.tv_nsec = 100000000};
    tophash_call(SYS_ppoll, (long)&fired, 1, (long)&limit, 0, 8, 0);
    expired = true;
  }
  if (expired) tophash_check_descriptors();
}

// MARK: Timers that send a signal

TOPHASH_REAL(int, setitimer, (__itimer_which_t, const struct itimerval *, struct itimerval *))
TOPHASH_REAL(int, getitimer, (__itimer_which_t, struct itimerval *))
TOPHASH_REAL(unsigned, alarm, (unsigned))
TOPHASH_REAL(int, timer_create, (clockid_t, struct sigevent *, timer_t *))

static uint64_t alarm_deadline, alarm_interval;

static uint64_t of_timeval(struct timeval time) {
  struct timespec same = {.tv_sec = time.tv_sec, .tv_nsec = time.tv_usec * 1000};
  return in_nanoseconds(&same);
}

static struct timeval as_timeval(uint64_t time) {
  return (struct timeval){.tv_sec = (time_t)(time / SECOND),
                          .tv_usec = (suseconds_t)(time % SECOND / 1000)};
}

/// What is left of it, in nanoseconds.
static uint64_t rest_of_alarm(void) {
  uint64_t now = tophash_now();
  return alarm_deadline > now ? alarm_deadline - now : 0;
}

static struct itimerval alarm_now(void) {
  return (struct itimerval){.it_interval = as_timeval(alarm_interval),
                            .it_value = as_timeval(rest_of_alarm())};
}

static void set_alarm(uint64_t after, uint64_t interval) {
  uint64_t now = tophash_now();
  alarm_deadline = after != 0 ? now + after : 0;
  alarm_interval = interval;
}

TOPHASH_EXPORT unsigned alarm(unsigned seconds) {
  struct tophash_thread *self = tophash_enter();
  if (self == NULL) return alarm_real()(seconds);
  uint64_t rest = rest_of_alarm();
  set_alarm(seconds * SECOND, 0);
  tophash_leave(self);
  return (unsigned)((rest + SECOND - 1) / SECOND);
}

static bool is_time(struct timeval time) {
  return time.tv_sec >= 0 && time.tv_usec >= 0 && time.tv_usec < 1000000;
}

TOPHASH_EXPORT int setitimer(__itimer_which_t which, const struct itimerval *new,
                             struct itimerval *old) {
  // The original refuses what is no time.
  bool is_ours = which == ITIMER_REAL && new != NULL && is_time(new->it_value) &&
                 is_time(new->it_interval);
  struct tophash_thread *self = is_ours ? tophash_enter() : NULL;
  if (self == NULL) return setitimer_real()(which, new, old);
  struct itimerval before = alarm_now();
  set_alarm(of_timeval(new->it_value), of_timeval(new->it_interval));
  if (old != NULL) *old = before;
  tophash_leave(self);
  return 0;
}

TOPHASH_EXPORT int getitimer(__itimer_which_t which, struct itimerval *now) {
  struct tophash_thread *self = which == ITIMER_REAL && now != NULL ? tophash_enter() : NULL;
  if (self == NULL) return getitimer_real()(which, now);
  *now = alarm_now();
  tophash_leave(self);
  return 0;
}

/// These expire in real time.
TOPHASH_EXPORT int timer_create(clockid_t clock, struct sigevent *event, timer_t *timer) {
  if (tophash_self != NULL) tophash_run.file->account.unmodelled++;
  return timer_create_real()(clock, event, timer);
}

uint64_t tophash_alarm_next(void) { return alarm_deadline; }

void tophash_alarm_expire(uint64_t now) {
  if (alarm_deadline == 0 || alarm_deadline > now) return;
  alarm_deadline = alarm_interval != 0 ? alarm_deadline + alarm_interval : 0;
  tophash_signal_process(SIGALRM);
}
