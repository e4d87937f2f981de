/*
 * What Skald calls of eSpeak NG, and what eSpeak NG calls of its host. Part of the WebAssembly
 * module espeak-ng.wasm, which is under GPL-3.0-or-later as eSpeak NG itself.
 */
#include "files.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include <espeak-ng/espeak_ng.h>
#include <espeak-ng/speak_lib.h>

#include "phoneme.h"
#include "voice.h"
#include "synthesize.h"
#include "translate.h"
#include "ssml.h"

#define EXPORT(name) __attribute__((export_name(name)))
#define IMPORT(name) __attribute__((import_module("skald"), import_name(name)))

#define IPA 2

/* The length of a data file, or -1 if there is none. */
IMPORT("length") extern int host_length(const char *path);
/* Copies count bytes of a data file from at on, which lie within it. */
IMPORT("read") extern void host_read(const char *path, int at, void *to, int count);

extern char path_home[];

/* --- files --- */

struct skald_file {
	int length;
	int at;
	char path[];
};

int skald_stat(const char *path, struct stat *of)
{
	int length = host_length(path);
	if (length < 0) {
		errno = ENOENT;
		return -1;
	}
	memset(of, 0, sizeof(*of));
	of->st_mode = S_IFREG;
	of->st_size = length;
	return 0;
}

skald_file *skald_fopen(const char *path, const char *mode)
{
	(void) mode;
	int length = host_length(path);
	size_t bytes = strlen(path) + 1;
	skald_file *file = length < 0 ? NULL : malloc(sizeof(skald_file) + bytes);
	if (file == NULL)
		return NULL;
	file->length = length;
	file->at = 0;
	memcpy(file->path, path, bytes);
	return file;
}

int skald_fclose(skald_file *file)
{
	free(file);
	return 0;
}

size_t skald_fread(void *to, size_t size, size_t count, skald_file *file)
{
	size_t whole = size == 0 ? 0 : (size_t) (file->length - file->at) / size;
	if (count > whole)
		count = whole;
	host_read(file->path, file->at, to, (int) (count * size));
	file->at += (int) (count * size);
	return count;
}

char *skald_fgets(char *line, int size, skald_file *file)
{
	int n = file->length - file->at;
	if (n > size - 1)
		n = size - 1;
	if (n <= 0)
		return NULL;
	host_read(file->path, file->at, line, n);
	char *end = memchr(line, '\n', n);
	if (end != NULL)
		n = (int) (end - line) + 1;
	line[n] = 0;
	file->at += n;
	return line;
}

/* --- what is called from outside --- */

/* Reads the phoneme data: once, before all else. 0 if it went well. */
EXPORT("open") int skald_open(void)
{
	strcpy(path_home, "data");
	espeak_ng_STATUS status = espeak_ng_Initialize(NULL);
	if (status != ENS_OK)
		return (int) status;
	return (int) espeak_ng_InitializeOutput(ENOUTPUT_MODE_SYNCHRONOUS, 0, NULL);
}

/* Memory for a string from the host; NULL if there is none left. */
EXPORT("allocate") void *skald_allocate(int bytes)
{
	return malloc(bytes);
}

/* Sets the voice of a file below lang/: 0 if it went well. */
EXPORT("voice") int skald_voice(const char *file)
{
	espeak_VOICE selector;
	memset(&selector, 0, sizeof(selector));
	selector.name = file;
	if (LoadVoice(file, 0) == NULL || translator == NULL)
		return 1;
	DoVoiceChange(voice);
	selector.languages = voice->language_name;
	SetVoiceStack(&selector, "");
	/* Room for what a text needs: taken now, the memory of a voice does not grow later. */
	free(malloc(256 * 1024));
	return 0;
}

static const void *cursor;
static int terminator;

/* Begins a text in UTF-8 that ends with NUL. */
EXPORT("text") void skald_text(const void *text)
{
	cursor = text;
}

/* The next clause in IPA; NULL at the end. */
EXPORT("clause") const char *skald_clause(void)
{
	if (cursor == NULL)
		return NULL;
	terminator = 0;
	const char *phonemes = espeak_TextToPhonemesWithTerminator(&cursor, espeakCHARS_AUTO, IPA, &terminator);
	return phonemes == NULL ? "" : phonemes;
}

/* What ended that clause: bits of CLAUSE_... in translate.h. */
EXPORT("terminator") int skald_terminator(void)
{
	return terminator;
}

/* --- what the compiler and the rest of eSpeak NG ask for --- */

/* A local array was written past its end: the call ends there. */
uintptr_t __stack_chk_guard = 0x5ca1ab1e;

_Noreturn void __stack_chk_fail(void)
{
	__builtin_trap();
}

int skald_sprintf(char *to, size_t room, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int length = vsnprintf(to, room > INT32_MAX ? INT32_MAX : room, format, args);
	va_end(args);
	if (length < 0 || (size_t) length >= room)
		__builtin_trap();
	return length;
}

/* Of the compiler of dictionaries, which is not built in: for traces alone. */
char *DecodeRule(const char *group, int length, char *rule, int control, char *output)
{
	(void) group, (void) length, (void) rule, (void) control;
	output[0] = 0;
	return output;
}

void print_dictionary_flags(unsigned int *flags, char *text, int size)
{
	(void) flags;
	if (size > 0)
		text[0] = 0;
}

/* The C library's streams, which nothing uses, lead nowhere. */
#define BAD_DESCRIPTOR 8

int32_t __imported_wasi_snapshot_preview1_fd_close(int32_t descriptor)
{
	(void) descriptor;
	return BAD_DESCRIPTOR;
}

int32_t __imported_wasi_snapshot_preview1_fd_seek(int32_t descriptor, int64_t offset, int32_t whence, int32_t to)
{
	(void) descriptor, (void) offset, (void) whence, (void) to;
	return BAD_DESCRIPTOR;
}

int32_t __imported_wasi_snapshot_preview1_fd_write(int32_t descriptor, int32_t vectors, int32_t count, int32_t written)
{
	(void) descriptor, (void) vectors, (void) count, (void) written;
	return BAD_DESCRIPTOR;
}
