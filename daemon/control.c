/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/control.h"

#include <sys/socket.h>
#include <unistd.h>

bool control_admits(int fd, uint32_t *ret_uid)
{
    struct ucred peer;
    socklen_t size = sizeof(peer);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || size != sizeof(peer)) {
        return false;
    }
    if (peer.uid != 0 && peer.uid != geteuid()) {
        return false;
    }
    *ret_uid = peer.uid;
    return true;
}
