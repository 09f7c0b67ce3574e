# SPDX-License-Identifier: BSD-3-Clause
"""inherit.py ADDRESS PORT: connections that are shared, inherited and duplicated, to one who says again what it
hears. Ends with 0 when each byte came back to whoever was to get it."""
import os
import socket
import subprocess
import sys

where = (sys.argv[1], int(sys.argv[2]))


def hear(s, n):
    out = b''
    while len(out) < n:
        more = s.recv(n - len(out))
        if not more:
            sys.exit(f'the end after {len(out)} of {n} bytes')
        out += more
    return out


def echo(s, text):
    s.sendall(text)
    got = hear(s, len(text))
    if got != text:
        sys.exit(f'{got[:60]!r}... came back, not {text[:60]!r}...')


def begun():
    s = socket.create_connection(where)
    echo(s, b'it is offloaded by now' * 1000)
    return s


def ended(s):
    """Half closed, the rest comes, and then the end."""
    s.sendall(b'last words')
    s.shutdown(socket.SHUT_WR)
    if hear(s, 10) != b'last words' or s.recv(1) != b'':
        sys.exit('it did not end in order')
    s.close()


def fork_only():
    """Both use it in turn, and the parent goes on when the child has ended."""
    s = begun()
    pid = os.fork()
    if pid == 0:
        echo(s, b'child' * 3000)
        os._exit(0)
    if os.waitpid(pid, 0)[1] != 0:
        sys.exit('the child failed')
    echo(s, b'parent' * 3000)
    ended(s)


def parent_leaves():
    s = begun()
    pid = os.fork()
    if pid == 0:
        echo(s, b'alone' * 10000)
        ended(s)
        os._exit(0)
    s.close()
    if os.waitpid(pid, 0)[1] != 0:
        sys.exit('the child that was left alone failed')


def unread_at_fork():
    """What lies in the ring unread goes along."""
    s = begun()
    s.sendall(b'x' * 200000)
    while len(s.recv(1000, socket.MSG_PEEK)) < 1000:
        pass
    pid = os.fork()
    if pid == 0:
        os._exit(0 if hear(s, 200000) == b'x' * 200000 else 1)
    if os.waitpid(pid, 0)[1] != 0:
        sys.exit('the child did not get what was unread')
    echo(s, b'after')
    s.close()


def exec_inherits():
    """Another program, with the connection for its input and output."""
    s = begun()
    s.sendall(b'a line\n')
    done = subprocess.run(['sh', '-c', 'read line && echo "heard: $line" >&2 && echo "thanks"'],
                          stdin=s, stdout=s, stderr=subprocess.PIPE, check=True)
    if done.stderr != b'heard: a line\n' or hear(s, 7) != b'thanks\n':
        sys.exit(f'another program got {done.stderr!r}')
    echo(s, b'back again')
    ended(s)


def passed_on():
    s = begun()
    subprocess.run(['sh', '-c', f'printf passed >&{s.fileno()}'], pass_fds=[s.fileno()], check=True)
    if hear(s, 6) != b'passed':
        sys.exit('nothing came of what another program wrote')
    s.close()


def duplicates():
    """In any order, one is enough to go on."""
    for order in ([0, 1, 2], [2, 1, 0], [1, 0, 2], [1, 2, 0]):
        s = begun()
        fd = s.detach()
        all = [fd, os.dup(fd), os.dup(fd)]
        for n, i in enumerate(order):
            left = [k for k in all if k is not None]
            one = socket.socket(fileno=left[-1])
            echo(one, b'%d' % i * 5000)
            one.detach()
            if n < 2:
                os.close(all[i])
                all[i] = None
        last = socket.socket(fileno=[k for k in all if k is not None][0])
        ended(last)


def onto_another():
    """dup2() over an offloaded connection closes it."""
    s, t = begun(), begun()
    os.dup2(t.fileno(), s.fileno())
    t.close()
    echo(s, b'the other one')
    ended(s)


def many_children():
    s = [begun() for _ in range(8)]
    pids = []
    for c in s:
        pid = os.fork()
        if pid == 0:
            echo(c, b'mine' * 20000)
            ended(c)
            os._exit(0)
        pids.append(pid)
    for c in s:
        c.close()
    if any(os.waitpid(p, 0)[1] for p in pids):
        sys.exit('a child failed')


for test in (fork_only, parent_leaves, unread_at_fork, exec_inherits, passed_on, duplicates, onto_another,
             many_children):
    test()
    print(test.__name__, 'done', flush=True)
