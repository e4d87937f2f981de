// Every kernel, for the simulator; the card's binaries are made file by file.
#include "rows.cu"
