/* support/pool_config.h: the configuration of strategies/pool.c, as its manifest declares it. */
#ifndef STW_TESTS_POOL_CONFIG_H
#define STW_TESTS_POOL_CONFIG_H

#include <stwlab/testing.h>

static inline const struct stw_config *pool_config(void)
{
    static struct stw_config *config;
    if (!config) {
        config = fake_config();
        fake_set_counter(fake_set_counter(fake_set_counter(config, "hits"), "misses"), "dropped");
    }
    return config;
}

#endif
