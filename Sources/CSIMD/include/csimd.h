// Which vector instructions the kernels use. All kernels choose in the same way:
//
//   1. A kernel is written once for each level that makes it faster, as a static function whose name ends in the level's,
//      and marked with that level's macro.
//   2. Its public function asks `csimd_level_in_use` once and calls the highest version that is not above it:
//
//        size_t ckernels_count(const uint8_t *bytes, size_t count) {
//        #if CSIMD_X86
//          const enum csimd_level level = csimd_level_in_use();
//          if (level >= csimd_avx512) return count_avx512(bytes, count);
//          if (level >= csimd_avx2) return count_avx2(bytes, count);
//        #endif
//          return count_portable(bytes, count);
//        }
//
//   3. Every version gives the same result, bit for bit. A test calls the kernel under `csimd_limit` with each level up
//      to `csimd_best`, so that one machine tests them all.
//
// A level includes the instructions of all levels below it: a function of a lower level may be inlined into one of a higher.
// None has FMA, which rounds once where a product and a sum round twice, so that floating point agrees between levels.
#ifndef CSIMD_H
#define CSIMD_H

// Instruction levels, rising. On other processors than x86-64 there is only `csimd_portable`.
enum csimd_level {
  csimd_portable = 0,    // what the compiler makes of plain C
  csimd_sse2 = 1,        // every x86-64 has it
  csimd_avx2 = 2,        // with AES, BMI, BMI2 and POPCNT: Intel since Haswell (2013), AMD since Excavator (2015)
  csimd_avx512 = 3,      // F, BW, CD, DQ and VL: Intel since Skylake-SP (2017), AMD since Zen 4 (2022)
  csimd_avx512_vbmi = 4, // and VBMI, VBMI2, IFMA, VPOPCNTDQ and GFNI: Intel since Ice Lake (2019), AMD since Zen 4
};

// An environment variable that keeps a process at or below a level: portable, sse2, avx2, avx512 or avx512-vbmi.
#define CSIMD_VARIABLE "LANES_INSTRUCTIONS"

// The level that the variable names, the highest one where it is missing or empty, or -1 where it names none. Any thread.
int csimd_environment(void);

// The highest level that this processor and its operating system support, and that the variable allows; asked for once.
// Any thread.
enum csimd_level csimd_best(void);

// The level for kernels called on this thread: the best, unless the thread has a limit. Takes about a nanosecond.
enum csimd_level csimd_level_in_use(void);

// Keeps kernels that this thread calls at or below `level`, until it is called again; `csimd_best` lifts the limit. For
// tests: a limit of the thread, unlike one of the process, leaves tests that run beside it alone.
void csimd_limit(enum csimd_level level);

#if defined(__x86_64__)
#define CSIMD_X86 1
#define CSIMD_AVX2_FEATURES "avx2,aes,bmi,bmi2,popcnt"
#define CSIMD_AVX512_FEATURES CSIMD_AVX2_FEATURES ",avx512f,avx512bw,avx512cd,avx512dq,avx512vl"
#define CSIMD_VBMI_FEATURES CSIMD_AVX512_FEATURES ",avx512vbmi,avx512vbmi2,avx512ifma,avx512vpopcntdq,gfni"
// In front of a function: the compiler may use the level's instructions in it.
#define CSIMD_AVX2 __attribute__((target(CSIMD_AVX2_FEATURES)))
#define CSIMD_AVX512 __attribute__((target(CSIMD_AVX512_FEATURES)))
#define CSIMD_AVX512_VBMI __attribute__((target(CSIMD_VBMI_FEATURES)))
#else
#define CSIMD_X86 0
#endif

// A part of kernels that is compiled anew, with the level's instructions, in each version that calls it.
#define CSIMD_INLINE static inline __attribute__((always_inline))

#endif
