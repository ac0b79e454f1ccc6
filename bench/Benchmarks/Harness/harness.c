#define _GNU_SOURCE
#include "include/Harness.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

__attribute__((noinline)) void *bench_opaque(void *pointer) {
	__asm__ volatile("" : "+r"(pointer) : : "memory");
	return pointer;
}

__attribute__((noinline)) void bench_keep(uint64_t value) {
	__asm__ volatile("" : : "r"(value));
}

static int64_t read_clock(clockid_t clock) {
	struct timespec now;
	clock_gettime(clock, &now);
	return now.tv_sec * (int64_t)1000000000 + now.tv_nsec;
}

int64_t bench_thread_nanoseconds(void) { return read_clock(CLOCK_THREAD_CPUTIME_ID); }
int64_t bench_wall_nanoseconds(void) { return read_clock(CLOCK_MONOTONIC); }

void bench_sleep(int64_t nanoseconds) {
	struct timespec span = { nanoseconds / 1000000000, nanoseconds % 1000000000 };
	nanosleep(&span, NULL);
}

void bench_print_lines(void) { setvbuf(stdout, NULL, _IOLBF, 0); }

void bench_fail(const char *message) {
	fputs(message, stderr);
	exit(2);
}

int bench_processors(void) { return (int)sysconf(_SC_NPROCESSORS_ONLN); }

bool bench_pin(int processor) {
	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET(processor, &set);
	return sched_setaffinity(0, sizeof set, &set) == 0;
}

struct thread {
	pthread_t id;
	int index;
	void (*body)(void *, int);
	void *context;
};

static void *run(void *argument) {
	struct thread *thread = argument;
	bench_pin(thread->index % bench_processors());
	thread->body(thread->context, thread->index);
	return NULL;
}

void bench_threads(int count, void (*body)(void *, int), void *context) {
	struct thread *threads = calloc((size_t)count, sizeof *threads);
	for (int i = 0; i < count; i++) {
		threads[i] = (struct thread){ .index = i, .body = body, .context = context };
		if (pthread_create(&threads[i].id, NULL, run, &threads[i]) != 0)
			abort();
	}
	for (int i = 0; i < count; i++)
		pthread_join(threads[i].id, NULL);
	free(threads);
}

struct bench_word {
	char before[128];
	_Atomic int64_t value;
	char after[128];
};

bench_word *bench_word_new(void) { return calloc(1, sizeof(bench_word)); }
void bench_word_free(bench_word *word) { free(word); }
int64_t bench_word_add(bench_word *word, int64_t by) { return atomic_fetch_add(&word->value, by) + by; }
int64_t bench_word_get(bench_word *word) { return atomic_load(&word->value); }
