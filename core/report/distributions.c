/* report/distributions.c: t by the incomplete beta function, whose continued fraction (DLMF
 * 8.17.22) is evaluated from the front (Lentz's method, as Thompson and Barnett modified it, 1986).
 */
#include "report/distributions.h"

#include "base/check.h"

#include <math.h>
#include <stdint.h>

#define TERMS_MAX 10000u
#define TINY 1e-300 /* in place of a zero divisor */
#define CLOSE 1e-15

double stw_normal_below(double x)
{
    return 0.5 * erfc(-x / sqrt(2));
}

static double not_zero(double value)
{
    return fabs(value) < TINY ? TINY : value;
}

/* 1 / (1 + d1 / (1 + d2 / ...)); converges quickly for x < (a + 1) / (a + b + 2). */
static double beta_fraction(double a, double b, double x)
{
    double above = 1, below = 1 / not_zero(1 - (a + b) * x / (a + 1)), value = below;
    for (uint32_t m = 1; m < TERMS_MAX; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        below = 1 / not_zero(1 + even * below);
        above = not_zero(1 + even / above);
        value *= above * below;
        below = 1 / not_zero(1 + odd * below);
        above = not_zero(1 + odd / above);
        value *= above * below;
        if (fabs(above * below - 1) < CLOSE)
            break;
    }
    return value;
}

/* The regularised incomplete beta function I_x(a, b). */
static double beta_below(double x, double a, double b)
{
    if (x <= 0 || x >= 1)
        return x > 0;
    double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
    return x < (a + 1) / (a + b + 2) ? front * beta_fraction(a, b, x) / a
                                     : 1 - front * beta_fraction(b, a, 1 - x) / b;
}

double stw_t_below(double x, double freedom)
{
    STW_REQUIRE(freedom >= 1);
    double all = freedom + x * x;
    double outside = 0.5 * (x * x < freedom ? 1 - beta_below(x * x / all, 0.5, freedom / 2)
                                            : beta_below(freedom / all, freedom / 2, 0.5));
    return x > 0 ? 1 - outside : outside;
}

/* By bisection: a few hundred of these are all that a report needs. */
double stw_t_quantile(double probability, double freedom)
{
    STW_REQUIRE(probability > 0 && probability < 1);
    double low = -1, high = 1;
    while (stw_t_below(low, freedom) > probability)
        low *= 2;
    while (stw_t_below(high, freedom) < probability)
        high *= 2;
    for (uint32_t i = 0; i < 200 && high - low > 1e-13 * fabs(high); i++) {
        double middle = low + (high - low) / 2;
        if (stw_t_below(middle, freedom) < probability)
            low = middle;
        else
            high = middle;
    }
    return low + (high - low) / 2;
}
