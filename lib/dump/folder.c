/* The folder of the dumps. Owns the knowledge of who chose it and of the last complaint; called by life/ and dump/. */
#include "dump/folder.h"

#include "base/log.h"
#include "base/sys.h"
#include "base/text.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct {
    bool chosen_by_default;
    const char *last_complaint;
} folder;

bool folder_choose(const char *dir, const char *tmpdir, char *ret_path, size_t size)
{
    struct text path = {.buf = ret_path, .size = size};
    long len;

    ret_path[0] = '\0';
    folder.chosen_by_default = dir[0] == '\0';
    if (folder.chosen_by_default) {
        text_format(&path, "%s/leaktrace-%u", tmpdir != NULL && tmpdir[0] == '/' ? tmpdir : "/tmp", (unsigned)getuid());
        return !path.cut;
    }
    if (dir[0] != '/') {
        len = SYS_CALL(SYS_getcwd, ret_path, size, 0, 0);
        path.len = len > 0 ? (size_t)len - 1 : 0;
        text_add(&path, "/");
    }
    text_add(&path, dir);
    return !path.cut;
}

static const char *check(const char *path)
{
    struct stat st;
    int result = sys_lstat(path, &st);

    if (result == -ENOENT) {
        result = sys_mkdir(path, 0700);
        if (result == 0)
            result = sys_lstat(path, &st);
    }
    if (result != 0)
        return strerrordesc_np(-result);
    if (!folder.chosen_by_default)
        return S_ISDIR(st.st_mode) || S_ISLNK(st.st_mode) ? NULL : "it is not a folder";
    if (!S_ISDIR(st.st_mode))
        return "it is a link or no folder";
    if (st.st_uid != geteuid())
        return "it belongs to another user";
    return (st.st_mode & 077) == 0 ? NULL : "others may write or read in it";
}

bool folder_prepare(const char *path)
{
    const char *complaint = check(path);

    if (complaint != NULL && (folder.last_complaint == NULL || strcmp(complaint, folder.last_complaint) != 0))
        log_line("cannot use the folder %s: %s; no dumps until it can be used (option dir)", path, complaint);
    folder.last_complaint = complaint;
    return complaint == NULL;
}
