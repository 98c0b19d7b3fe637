/* How glibc's allocator cuts memory into chunks; each block lies in one. The layout has not changed in twenty years, and
   programs that debug malloc count on it. */
#ifndef LEAKTRACE_REACH_CHUNK_H
#define LEAKTRACE_REACH_CHUNK_H

/* Before a block: the size of the chunk before, or what alignment has cost, and the size with flags. */
#define CHUNK_HEAD 16ul
/* Where the size is; the next chunk's first word is still the block's. */
#define CHUNK_SIZE 8ul
#define CHUNK_MIN 32ul
#define CHUNK_BEFORE_IS_USED 1ul
#define CHUNK_IS_MMAPPED 2ul
#define CHUNK_FLAGS 7ul

#endif
