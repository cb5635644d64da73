// What the program was built from. In a module of its own, so that another commit compiles one line anew and no more.
#ifndef CBUILD_H
#define CBUILD_H

// The commit, abbreviated, with "+changes" behind it where files differed from it; "unknown" where nobody said.
const char *cbuild_commit(void);

// The version of liburing that its package names, for headers that do not; empty where nobody said.
const char *cbuild_liburing(void);

#endif
