/* report/distributions.h: the normal distribution and Student's t. */
#ifndef STW_REPORT_DISTRIBUTIONS_H
#define STW_REPORT_DISTRIBUTIONS_H

/* Probability of a standard normal value up to x. */
double stw_normal_below(double x);
/* Probability of a value of Student's t up to x. `freedom` is at least 1. */
double stw_t_below(double x, double freedom);
/* The x that stw_t_below gives `probability` for; 0 < probability < 1. Exact to 1e-9. */
double stw_t_quantile(double probability, double freedom);

#endif
