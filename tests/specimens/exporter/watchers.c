#include "watchers.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

struct watchers {
    pthread_mutex_t lock;
    pthread_cond_t news;
    bool stopping;
    pthread_t targets_thread;
    pthread_t credentials_thread;
};

/* In this demonstration the only news there ever is, is that the watch is over. */
static void wait_for_news(struct watchers *watchers)
{
    pthread_mutex_lock(&watchers->lock);
    while (!watchers->stopping)
        pthread_cond_wait(&watchers->news, &watchers->lock);
    pthread_mutex_unlock(&watchers->lock);
}

static void *watch_targets(void *watchers)
{
    pthread_setname_np(pthread_self(), "watch-targets");
    wait_for_news(watchers);
    return NULL;
}

static void *watch_credentials(void *watchers)
{
    pthread_setname_np(pthread_self(), "watch-creds");
    wait_for_news(watchers);
    return NULL;
}

static void announce_stop(struct watchers *watchers)
{
    pthread_mutex_lock(&watchers->lock);
    watchers->stopping = true;
    pthread_cond_broadcast(&watchers->news);
    pthread_mutex_unlock(&watchers->lock);
}

static void free_watchers(struct watchers *watchers)
{
    pthread_cond_destroy(&watchers->news);
    pthread_mutex_destroy(&watchers->lock);
    free(watchers);
}

struct watchers *start_watchers(void)
{
    struct watchers *watchers = malloc(sizeof *watchers);
    if (!watchers)
        return NULL;
    *watchers = (struct watchers){
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .news = PTHREAD_COND_INITIALIZER,
    };

    int error = pthread_create(&watchers->targets_thread, NULL, watch_targets, watchers);
    if (error == 0) {
        error = pthread_create(&watchers->credentials_thread, NULL, watch_credentials, watchers);
        if (error == 0)
            return watchers;
        announce_stop(watchers);
        pthread_join(watchers->targets_thread, NULL);
    }
    free_watchers(watchers);
    errno = error;
    return NULL;
}

void stop_watchers(struct watchers *watchers)
{
    announce_stop(watchers);
    pthread_join(watchers->targets_thread, NULL);
    pthread_join(watchers->credentials_thread, NULL);
    free_watchers(watchers);
}
