# Rscript stats_fixtures.R > stats_fixtures.h: what R says of samples, for stats_test.c.
set.seed(20261121)
f <- function(x) paste(sprintf("%.17g", x), collapse = ", ")
cat("/* Made by stats_fixtures.R with", R.version.string, "*/\n")
cat("static const struct fixture { int n; double d[30]; double estimate, low, high, p; } fixtures[] = {\n")
one <- function(d) {
  # R's paired test is the one-sample test of the differences
  w <- wilcox.test(d, rep(0, length(d)), paired = TRUE, conf.int = TRUE, exact = TRUE)
  cat(sprintf("    {%d, {%s},\n     %s, %s, %s, %s},\n", length(d), f(d), f(w$estimate), f(w$conf.int[1]),
              f(w$conf.int[2]), f(w$p.value)))
}
for (n in c(8:20, 25, 30)) {
  one(rnorm(n, 0, 0.05))
  one(rnorm(n, 0.1, 0.05))
  one(log(rexp(n) / rexp(n)))
}
one(log(1:8 / 10))  # all on one side: the smallest p there is
cat("};\n\n")
cat("/* p values where there is no interval (n < 8). */\n")
cat("static const struct { int n; double d[7]; double p; } small[] = {\n")
for (n in 1:7) {
  d <- rnorm(n, 0.02, 0.05)
  cat(sprintf("    {%d, {%s}, %s},\n", n, f(d), f(wilcox.test(d, exact = TRUE)$p.value)))
}
cat("};\n\n/* qsignrank(0.025, n), at least 1. */\nstatic const int ranks[] = {0, ")
cat(paste(pmax(1, qsignrank(0.025, 1:100)), collapse = ", "), "};\n\n")
p <- c(0.01, 0.02, 0.03, 0.04, 0.05, 0.9, 0.5, 1e-6, 0.02, 1)
cat(sprintf("static const double unadjusted[] = {%s};\nstatic const double adjusted[] = {%s};\n", f(p), f(p.adjust(p, "BH"))))
# Ties and zeros: R is not exact there, so the conditional distribution is enumerated.
brute <- function(d) {
  d <- d[d != 0]; n <- length(d); r <- rank(abs(d)); v <- sum(r[d > 0])
  all <- as.vector(as.matrix(expand.grid(rep(list(0:1), n))) %*% r)
  min(1, 2 * min(mean(all <= v + 1e-9), mean(all >= v - 1e-9)))
}
cat("\nstatic const struct { int n; double d[12]; double p; } tied[] = {\n")
for (d in list(c(1, 1, 2, 2, 3, -1, 4, 5), c(0, 0, 1, 2, -2, 3, 3, 3, 4), c(1, 1, 1, 1, 1, 1, 1, 1), c(0, 0, 0),
               c(-1, 1, -2, 2), c(5, 5, 5, -5, 6, 7, 7, 0, 8, 9, 9, 10)))
  cat(sprintf("    {%d, {%s}, %s},\n", length(d), f(d), f(if (all(d == 0)) 1 else brute(d))))
cat("};\n")
