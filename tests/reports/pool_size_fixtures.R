# Rscript pool_size_fixtures.R > pool_size_fixtures.h: what R makes of a pool sweep, for pool_size_test.c. The fit is
# lm()'s, the selection is written down again, and the bootstrap draws with R's own numbers: equal but for chance.
set.seed(20261121)
sizes <- c(2, 4, 8, 16, 32)
within <- 0.05
f <- function(x) paste(ifelse(is.na(x), "NAN", sprintf("%.17g", x)), collapse = ", ")
estimates <- function(tps) { # rows are sizes, columns blocks
  d <- na.omit(data.frame(y = log(as.vector(tps)), s = factor(rep(seq_len(nrow(tps)), ncol(tps))),
                          b = factor(rep(seq_len(ncol(tps)), each = nrow(tps)))))
  if (nlevels(droplevels(d$b)) == 1) m <- tapply(d$y, d$s, mean)
  else {
    fit <- lm(y ~ 0 + s + b, d, contrasts = list(b = "contr.sum"))
    m <- coef(fit)[paste0("s", seq_len(nrow(tps)))]
  }
  exp(as.vector(m))
}
complete <- function(tps) exp(rowMeans(log(tps)))
pick <- function(m) min(which(m >= (1 - within) * max(m)))
one <- function(name, truth, sd, n, lost) {
  block <- rnorm(n, 0, 0.1)
  tps <- exp(outer(log(truth), block, "+") + matrix(rnorm(length(truth) * n, 0, sd), length(truth)))
  tps[lost] <- NA
  m <- estimates(tps)
  chosen <- pick(m)
  how <- if (anyNA(tps)) estimates else complete
  resamples <- if (anyNA(tps)) 1000 else 20000
  boot <- replicate(resamples, {
    b <- how(tps[, sample(n, replace = TRUE), drop = FALSE])
    c(pick(b), b[chosen] >= (1 - within) * max(b))
  })
  shares <- sapply(seq_along(truth), function(s) mean(boot[1, ] == s))
  cat(sprintf("    {\"%s\", %d, {%s},\n     {%s},\n     %d, %d, {%s}, %.4f},\n", name, n, f(as.vector(t(tps))), f(m),
              chosen - 1, which.max(m) - 1, f(shares), mean(boot[2, ])))
}
cat("/* Made by pool_size_fixtures.R with", R.version.string, "*/\n")
cat(sprintf("static const int fixture_sizes[] = {%s};\n", paste(sizes, collapse = ", ")))
cat("static const struct fixture { const char *name; int n; double tps[5 * 12], estimates[5]; int pick, best;\n")
cat("    double shares[5], p_within; } fixtures[] = {\n")
one("a plateau", c(500, 900, 1000, 1010, 1000), 0.02, 12, c())
one("on the edge", c(500, 950, 1000, 1000, 980), 0.03, 12, c())
one("a peak", c(600, 800, 1000, 930, 800), 0.03, 10, c())
one("still rising", c(200, 400, 700, 900, 1000), 0.02, 8, c())
one("with losses", c(500, 940, 1000, 1000, 960), 0.03, 12, c(3, 9, 22, 23, 24, 41))
one("just inside", c(500, 975, 1000, 1000, 960), 0.04, 12, c())
cat("};\n")
