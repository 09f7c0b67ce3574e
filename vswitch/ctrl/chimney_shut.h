/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Closing what applications handed over. The last close() of a file may wait, for as long as who
 * made it wishes: a socket's for SO_LINGER, a file's for the file system behind it. An application
 * that has closed its own descriptor must not make main wait for that: threads do.
 */
#ifndef VSWITCH_CTRL_CHIMNEY_SHUT_H
#define VSWITCH_CTRL_CHIMNEY_SHUT_H

/* Closes it; without waiting. Main. */
void chimney_shut(int fd);

/* The same, of a socket in which descriptors may lie that nobody received. Main. */
void chimney_shut_mail(int fd);

#endif
