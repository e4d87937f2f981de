/* No sound, no threads, no compilers: text to phonemes alone. */
#define PACKAGE_VERSION "1.53-dev"
#define PACKAGE_BUGREPORT ""
#define HAVE_MKSTEMP 0
#define USE_ASYNC 0
#define USE_KLATT 0
#define USE_LIBPCAUDIO 0
#define USE_LIBSONIC 0
#define USE_MBROLA 0
#define USE_SPEECHPLAYER 0
