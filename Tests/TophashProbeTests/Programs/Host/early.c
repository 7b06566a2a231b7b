// A library whose constructor runs before the probe's: locks, a thread, a condition, a semaphore.

#define _GNU_SOURCE
#include <pthread.h>
#include <semaphore.h>
#include <time.h>

int early_result;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_spinlock_t spin;
static sem_t semaphore;
static pthread_barrier_t barrier;
static int is_ready;

static void *run(void *unused) {
  pthread_mutex_lock(&mutex);
  is_ready = 1;
  pthread_cond_signal(&condition);
  pthread_cond_broadcast(&condition);
  pthread_mutex_unlock(&mutex);
  pthread_barrier_wait(&barrier);
  sem_post(&semaphore);
  return unused;
}

__attribute__((constructor(101))) static void start_early(void) {
  pthread_t thread;
  pthread_mutex_t own;
  pthread_cond_t other;
  struct timespec past = {0};
  int failures = 0;
  pthread_barrier_init(&barrier, NULL, 2);
  sem_init(&semaphore, 0, 0);
  pthread_spin_init(&spin, 0);
  pthread_mutex_init(&own, NULL);
  pthread_cond_init(&other, NULL);
  pthread_create(&thread, NULL, run, NULL);
  pthread_mutex_lock(&mutex);
  while (!is_ready) pthread_cond_wait(&condition, &mutex);
  pthread_mutex_unlock(&mutex);
  pthread_barrier_wait(&barrier);
  failures += sem_wait(&semaphore) != 0;
  failures += sem_trywait(&semaphore) == 0;
  failures += sem_timedwait(&semaphore, &past) == 0;
  pthread_join(thread, NULL);
  failures += pthread_mutex_trylock(&own) != 0;
  failures += pthread_cond_timedwait(&other, &own, &past) == 0;
  failures += pthread_mutex_unlock(&own) != 0;
  failures += pthread_mutex_timedlock(&own, &past) != 0;
  failures += pthread_rwlock_rdlock(&rwlock) != 0;
  failures += pthread_rwlock_tryrdlock(&rwlock) != 0;
  failures += pthread_rwlock_trywrlock(&rwlock) == 0;
  failures += pthread_rwlock_unlock(&rwlock) != 0 || pthread_rwlock_unlock(&rwlock) != 0;
  failures += pthread_rwlock_wrlock(&rwlock) != 0 || pthread_rwlock_unlock(&rwlock) != 0;
  failures += pthread_spin_lock(&spin) != 0 || pthread_spin_trylock(&spin) == 0;
  failures += pthread_spin_unlock(&spin) != 0;
  early_result = 100 + failures;
}
