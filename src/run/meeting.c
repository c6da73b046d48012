/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/meeting.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "run/procfs.h"

/* ---- names ---- */

/* root's is that of procfs files, too; another user's is nobody else's. */
static void find_dir(char dir[80])
{
	const char *run = getenv("XDG_RUNTIME_DIR");

	if (!geteuid())
		snprintf(dir, 80, "%s", PROCFS_DIR);
	else if (run && *run == '/' && strlen(run) < 60)
		snprintf(dir, 80, "%s/spile", run);
	else
		snprintf(dir, 80, "/tmp/spile-%u", (unsigned)geteuid());
}

static struct err *make_dir(const char *dir)
{
	struct stat st;

	if (mkdir(dir, geteuid() ? 0700 : 0755) && errno != EEXIST)
		return err_os(errno, "making %s", dir);
	if (lstat(dir, &st))
		return err_os(errno, "looking at %s", dir);
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() ||
	    st.st_mode & 022)
		return err_new(ERR_PERMISSION,
			       "%s is not a directory that only you can write "
			       "to", dir);
	return NULL;
}

static struct err *find_place(const char *name, struct meeting_place *ret)
{
	char dir[80];
	int n;

	find_dir(dir);
	n = snprintf(ret->path, sizeof(ret->path), "%s/%s.sock", dir, name);
	if (n < 0 || (size_t)n >= sizeof(ret->path))
		return err_new(ERR_LIMIT, "the name '%s' is too long", name);
	return NULL;
}

static struct sockaddr_un address(const struct meeting_place *place)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	_Static_assert(sizeof(a.sun_path) >= sizeof(place->path), "it fits");
	memcpy(a.sun_path, place->path, sizeof(place->path));
	return a;
}

static bool reach(int fd, const struct meeting_place *place)
{
	struct sockaddr_un a = address(place);

	return !connect(fd, (const struct sockaddr *)&a, sizeof(a));
}

/* ---- the two sides ---- */

static int new_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

/* Adds "spile_12, spile_13", the sessions that one can attach to; removes what
 * those that were killed have left. */
static void list_names(struct buf *to)
{
	const struct dirent *entry;
	char dir[80];
	DIR *d;

	find_dir(dir);
	d = opendir(dir);
	while (d && (entry = readdir(d))) {
		struct str name = str_from(entry->d_name);
		struct meeting_place place;
		_cleanup_close_ int fd = new_socket();

		if (!str_ends(name, STR(".sock")))
			continue;
		name.len -= (uint32_t)strlen(".sock");
		snprintf(place.path, sizeof(place.path), "%s/%s", dir,
			 entry->d_name);
		if (fd >= 0 && reach(fd, &place))
			buf_printf(to, "%s%" STR_FMT, to->len ? ", " : "",
				   STR_ARG(name));
		else if (errno == ECONNREFUSED)
			(void)unlink(place.path);
	}
	if (d)
		closedir(d);
}

/* A socket that nobody listens at was left by a session that was killed. */
static struct err *clear_place(const struct meeting_place *place)
{
	_cleanup_close_ int fd = new_socket();

	if (fd >= 0 && reach(fd, place))
		return err_hint(err_new(ERR_OTHER, "%s is in use",
					place->path),
				"another session has this name: take another "
				"with -m");
	if (fd >= 0 && errno == ECONNREFUSED)
		(void)unlink(place->path);
	return NULL;
}

struct err *meeting_listen(const char *name, struct meeting_place *place,
			   int *ret)
{
	_cleanup_close_ int fd = new_socket();
	struct sockaddr_un a;
	struct err *e;
	char dir[80];

	find_dir(dir);
	e = make_dir(dir);
	if (!e)
		e = find_place(name, place);
	if (!e)
		e = clear_place(place);
	if (e) {
		place->path[0] = '\0';
		return e;
	}
	a = address(place);
	if (fd < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) || fchmod(fd, 0600) ||
	    bind(fd, (const struct sockaddr *)&a, sizeof(a)) ||
	    listen(fd, 8)) {
		e = err_os(errno, "listening at %s", place->path);
		place->path[0] = '\0';
		return e;
	}
	*ret = fd;
	fd = -1;
	return NULL;
}

void meeting_leave(struct meeting_place *place)
{
	if (place->path[0])
		(void)unlink(place->path);
	place->path[0] = '\0';
}

struct err *meeting_connect(const char *name, int *ret)
{
	_cleanup_(buf_deinit) struct buf names = {};
	_cleanup_close_ int fd = new_socket();
	struct meeting_place place = {};
	struct err *e = find_place(name, &place);

	if (e)
		return e;
	/* Anyone may make the directory, where it is in /tmp. */
	if (fd >= 0 && reach(fd, &place) && meeting_is_allowed(fd)) {
		*ret = fd;
		fd = -1;
		return NULL;
	}
	e = err_new(ERR_NOT_FOUND, "there is no session '%s' to attach to",
		    name);
	list_names(&names);
	if (!names.len)
		return err_hint(e, "spile -F starts one");
	return err_hint(e, "there are: %.*s", (int)names.len, names.data);
}

bool meeting_is_allowed(int fd)
{
	struct ucred who;
	socklen_t n = sizeof(who);

	return !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) &&
	       (!who.uid || who.uid == geteuid());
}

/* ---- frames ---- */

static bool send_all(int fd, const char *p, size_t n)
{
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };

	while (n) {
		ssize_t done = send(fd, p, n, MSG_NOSIGNAL);

		if (done < 0 && errno == EAGAIN && poll(&pfd, 1, 1000) > 0)
			continue;
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return false;
		p += done;
		n -= (size_t)done;
	}
	return true;
}

bool meeting_send(int fd, enum meeting_kind kind, struct str text)
{
	struct meeting_frame f = { .kind = (uint8_t)kind, .len = text.len };

	return send_all(fd, (const char *)&f, sizeof(f)) &&
	       send_all(fd, text.s, text.len);
}

void meeting_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}
