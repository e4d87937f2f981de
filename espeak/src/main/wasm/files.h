/*
 * Included before every source of eSpeak NG: its files come from the host, read only, and it has no
 * other way out: no streams, no clock, no environment, no locale.
 */
#ifndef SKALD_FILES_H
#define SKALD_FILES_H

#include <assert.h>
#include <dirent.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

typedef struct skald_file skald_file;

skald_file *skald_fopen(const char *path, const char *mode);
int skald_fclose(skald_file *file);
size_t skald_fread(void *to, size_t size, size_t count, skald_file *file);
char *skald_fgets(char *line, int size, skald_file *file);
int skald_stat(const char *path, struct stat *of);

#define FILE skald_file
#define fopen skald_fopen
#define fclose skald_fclose
#define fread skald_fread
#define fgets skald_fgets
#define fgetc(file) EOF
#define fseek(file, offset, whence) (-1)
#define stat(path, of) skald_stat(path, of)
#define fprintf(...) ((void) 0)
#define printf(...) ((void) 0)
#define opendir(path) ((DIR *) 0)
#define readdir(dir) ((struct dirent *) 0)
#define closedir(dir) ((void) 0)
#define tmpnam(name) ((char *) 0)
#define time(to) 0
#define getenv(name) ((char *) 0)
#define setlocale(category, name) ((char *) "C.UTF-8")
#define exit(code) __builtin_trap()
#define abort() __builtin_trap()
#undef assert
#define assert(condition) ((condition) ? (void) 0 : __builtin_trap())

static inline void *skald_fits(void *to, size_t room, size_t bytes)
{
	if (bytes > room)
		__builtin_trap();
	return to;
}

int skald_sprintf(char *to, size_t room, const char *format, ...);

#define SKALD_ROOM(to) __builtin_object_size(to, 0)
#undef strcpy
#undef strcat
#undef strncpy
#undef memcpy
#undef memmove
#undef memset
#undef sprintf
#define strcpy(to, from) strcpy(skald_fits(to, SKALD_ROOM(to), strlen(from) + 1), from)
#define strcat(to, from) strcat(skald_fits(to, SKALD_ROOM(to), strlen(to) + strlen(from) + 1), from)
#define strncpy(to, from, n) strncpy(skald_fits(to, SKALD_ROOM(to), n), from, n)
#define memcpy(to, from, n) memcpy(skald_fits(to, SKALD_ROOM(to), n), from, n)
#define memmove(to, from, n) memmove(skald_fits(to, SKALD_ROOM(to), n), from, n)
#define memset(to, value, n) memset(skald_fits(to, SKALD_ROOM(to), n), value, n)
#define sprintf(to, ...) skald_sprintf(to, SKALD_ROOM(to), __VA_ARGS__)

#endif
