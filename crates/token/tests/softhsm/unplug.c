/* A PKCS #11 module between a test and SoftHSM that can do what SoftHSM cannot: be unplugged,
 * lock its PIN, run out of sessions. The test orders it by files in the folder SITE:
 *
 *   removed   no token is there; what was open dies, as when a token is pulled out
 *   reset     at the next signature all sessions end first, as when a token was out for a moment
 *   locked    C_Login answers CKR_PIN_LOCKED
 *   last-try  the token says that one try is left
 *   crowded   the token has room for one session
 *   hang      C_GetSlotList does not return while this is there, and makes the file "hanging"
 *
 * and it writes a byte to the file "logins" for each C_Login. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef unsigned long ulong;

/* CK_FUNCTION_LIST of version 2.40: its functions in the order of the standard. */
enum { GET_SLOT_LIST = 4, GET_TOKEN_INFO = 6, OPEN_SESSION = 12, CLOSE_SESSION = 13,
       CLOSE_ALL = 14, GET_SESSION_INFO = 15, LOGIN = 18, SIGN_INIT = 42, FUNCTIONS = 68 };
struct list { unsigned char version[2]; void *function[FUNCTIONS]; };

static struct list ours;
static struct list *real;
static ulong open_sessions, last_slot;

static const char *in_site(const char *name) {
    static _Thread_local char path[4096];
    snprintf(path, sizeof path, "%s/%s", getenv("SITE"), name);
    return path;
}

static int ordered(const char *name) {
    return access(in_site(name), F_OK) == 0;
}

static void close_all(void) {
    if (open_sessions) ((ulong (*)(ulong))real->function[CLOSE_ALL])(last_slot);
    open_sessions = 0;
}

static int removed(void) {
    if (!ordered("removed")) return 0;
    close_all();
    return 1;
}

static ulong get_slot_list(unsigned char present, ulong *slots, ulong *count) {
    if (ordered("hang")) fclose(fopen(in_site("hanging"), "w"));
    while (ordered("hang")) usleep(10000);
    if (removed()) {
        *count = 0;
        return 0;
    }
    return ((ulong (*)(unsigned char, ulong *, ulong *))real->function[GET_SLOT_LIST])(present, slots, count);
}

static ulong get_token_info(ulong slot, unsigned char *info) {
    ulong code = ((ulong (*)(ulong, unsigned char *))real->function[GET_TOKEN_INFO])(slot, info);
    ulong flags;
    memcpy(&flags, info + 96, sizeof flags);
    if (ordered("last-try")) flags |= 0x00020000;
    memcpy(info + 96, &flags, sizeof flags);
    return code;
}

static ulong open_session(ulong slot, ulong flags, void *context, void *notify, ulong *session) {
    if (removed()) return 0xE0;                              /* CKR_TOKEN_NOT_PRESENT */
    if (ordered("crowded") && open_sessions >= 1) return 0xB1; /* CKR_SESSION_COUNT */
    ulong code = ((ulong (*)(ulong, ulong, void *, void *, ulong *))real->function[OPEN_SESSION])(slot, flags, context, notify, session);
    if (code == 0) open_sessions++;
    last_slot = slot;
    return code;
}

static ulong close_session(ulong session) {
    ulong code = ((ulong (*)(ulong))real->function[CLOSE_SESSION])(session);
    if (code == 0) open_sessions--;
    return code;
}

static ulong get_session_info(ulong session, void *info) {
    if (removed()) return 0x32;                              /* CKR_DEVICE_REMOVED */
    return ((ulong (*)(ulong, void *))real->function[GET_SESSION_INFO])(session, info);
}

static ulong login(ulong session, ulong user, unsigned char *pin, ulong length) {
    FILE *logins = fopen(in_site("logins"), "a");
    fputc('.', logins);
    fclose(logins);
    if (ordered("locked")) return 0xA4;                      /* CKR_PIN_LOCKED */
    return ((ulong (*)(ulong, ulong, unsigned char *, ulong))real->function[LOGIN])(session, user, pin, length);
}

static ulong sign_init(ulong session, void *mechanism, ulong key) {
    if (removed()) return 0x32;                              /* CKR_DEVICE_REMOVED */
    if (unlink(in_site("reset")) == 0) close_all();
    return ((ulong (*)(ulong, void *, ulong))real->function[SIGN_INIT])(session, mechanism, key);
}

ulong C_GetFunctionList(struct list **list) {
    void *softhsm = dlopen(getenv("SOFTHSM_MODULE"), RTLD_NOW);
    if (!softhsm) return 5;                                  /* CKR_GENERAL_ERROR */
    ulong (*get)(struct list **) = (ulong (*)(struct list **))dlsym(softhsm, "C_GetFunctionList");
    ulong code = get(&real);
    if (code != 0) return code;
    ours = *real;
    ours.function[GET_SLOT_LIST] = get_slot_list;
    ours.function[GET_TOKEN_INFO] = get_token_info;
    ours.function[OPEN_SESSION] = open_session;
    ours.function[CLOSE_SESSION] = close_session;
    ours.function[GET_SESSION_INFO] = get_session_info;
    ours.function[LOGIN] = login;
    ours.function[SIGN_INIT] = sign_init;
    *list = &ours;
    return 0;
}
