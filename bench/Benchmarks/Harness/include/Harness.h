#ifndef HARNESS_H
#define HARNESS_H

#include <stdbool.h>
#include <stdint.h>

/// The same pointer, of which the compiler then knows nothing: what is read through it cannot be hoisted out of a loop.
void *_Nullable bench_opaque(void *_Nullable pointer);
/// Keeps a result alive.
void bench_keep(uint64_t value);

/// Nanoseconds of processor time of the calling thread. Other programs on the processor do not count.
int64_t bench_thread_nanoseconds(void);
int64_t bench_wall_nanoseconds(void);
void bench_sleep(int64_t nanoseconds);

/// Standard output a line at a time, whatever it goes to.
void bench_print_lines(void);
/// Says why on standard error and ends the process with exit code 2.
_Noreturn void bench_fail(const char *_Nonnull message);

/// Binds the calling thread to one processor; false when it is not there.
bool bench_pin(int processor);
int bench_processors(void);

/// Runs `body(context, index)` on `count` threads, thread n bound to processor n modulo theirs, and waits for all.
void bench_threads(int count, void (*_Nonnull body)(void *_Nonnull context, int index), void *_Nonnull context);

/// A word that threads meet at.
typedef struct bench_word bench_word;
bench_word *_Nonnull bench_word_new(void);
void bench_word_free(bench_word *_Nonnull word);
int64_t bench_word_add(bench_word *_Nonnull word, int64_t by);
int64_t bench_word_get(bench_word *_Nonnull word);

#endif
