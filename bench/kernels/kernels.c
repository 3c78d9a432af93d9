// Loop kernels in the manner of PolyBench (linear algebra, stencils, data mining, dynamic programming) and a few that
// programs are made of: what a compiler makes of loops. Prints, for each: name, seconds of the best of some runs, and a
// checksum. `kernels [name-prefix [scale-percent]]`
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

// Small, so that a run fits between two interruptions of a busy machine; the best of many counts.
#define N 160    // of matrices
#define M 200
#define L 40000  // of vectors
#define T 10     // time steps of stencils
#define H 24     // edge of three-dimensional grids

static double (*A)[M], (*B)[M], (*C)[M], (*D)[M], *u, *v, *w, *x, *y, *z, *p, *q;
static float *fa, *fb, *fc;
static int32_t *ia, *ib, *ic;
static uint8_t *ba, *bb, *bc;

#define KERNEL __attribute__((noinline)) static void

KERNEL gemm(int n, int m, int k, double alpha, double beta, double (*c)[M], double (*a)[M], double (*b)[M]) {
  for (int i = 0; i < n; i++) {
    for (int j = 0; j < m; j++) c[i][j] *= beta;
    for (int l = 0; l < k; l++)
      for (int j = 0; j < m; j++) c[i][j] += alpha * a[i][l] * b[l][j];
  }
}
KERNEL matmul_dot(int n, double (*c)[M], double (*a)[M], double (*b)[M]) {
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++) {
      double s = 0;
      for (int l = 0; l < n; l++) s += a[i][l] * b[l][j];
      c[i][j] = s;
    }
}
KERNEL syrk(int n, int m, double alpha, double beta, double (*c)[M], double (*a)[M]) {
  for (int i = 0; i < n; i++) {
    for (int j = 0; j <= i; j++) c[i][j] *= beta;
    for (int k = 0; k < m; k++)
      for (int j = 0; j <= i; j++) c[i][j] += alpha * a[i][k] * a[j][k];
  }
}
KERNEL trmm(int n, int m, double alpha, double (*a)[M], double (*b)[M]) {
  for (int i = 0; i < n; i++)
    for (int j = 0; j < m; j++) {
      for (int k = i + 1; k < n; k++) b[i][j] += a[k][i] * b[k][j];
      b[i][j] = alpha * b[i][j];
    }
}
KERNEL atax(int n, int m, double (*a)[M], double *xx, double *yy, double *tmp) {
  for (int i = 0; i < m; i++) yy[i] = 0;
  for (int i = 0; i < n; i++) {
    tmp[i] = 0;
    for (int j = 0; j < m; j++) tmp[i] = tmp[i] + a[i][j] * xx[j];
    for (int j = 0; j < m; j++) yy[j] = yy[j] + a[i][j] * tmp[i];
  }
}
KERNEL bicg(int n, int m, double (*a)[M], double *s, double *qq, double *pp, double *r) {
  for (int i = 0; i < m; i++) s[i] = 0;
  for (int i = 0; i < n; i++) {
    qq[i] = 0;
    for (int j = 0; j < m; j++) {
      s[j] = s[j] + r[i] * a[i][j];
      qq[i] = qq[i] + a[i][j] * pp[j];
    }
  }
}
KERNEL mvt(int n, double *x1, double *x2, double *y1, double *y2, double (*a)[M]) {
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++) x1[i] = x1[i] + a[i][j] * y1[j];
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++) x2[i] = x2[i] + a[j][i] * y2[j];
}
KERNEL gemver(int n, double (*a)[M], double *u1, double *v1, double *u2, double *v2, double *ww, double *xx) {
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++) a[i][j] = a[i][j] + u1[i] * v1[j] + u2[i] * v2[j];
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++) xx[i] = xx[i] + 0.5 * a[j][i] * v1[j];
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++) ww[i] = ww[i] + 0.25 * a[i][j] * xx[j];
}
KERNEL jacobi_1d(int steps, int n, double *a, double *b) {
  for (int t = 0; t < steps; t++) {
    for (int i = 1; i < n - 1; i++) b[i] = 0.33333 * (a[i - 1] + a[i] + a[i + 1]);
    for (int i = 1; i < n - 1; i++) a[i] = 0.33333 * (b[i - 1] + b[i] + b[i + 1]);
  }
}
KERNEL jacobi_2d(int steps, int n, double (*a)[M], double (*b)[M]) {
  for (int t = 0; t < steps; t++) {
    for (int i = 1; i < n - 1; i++)
      for (int j = 1; j < n - 1; j++)
        b[i][j] = 0.2 * (a[i][j] + a[i][j - 1] + a[i][1 + j] + a[1 + i][j] + a[i - 1][j]);
    for (int i = 1; i < n - 1; i++)
      for (int j = 1; j < n - 1; j++)
        a[i][j] = 0.2 * (b[i][j] + b[i][j - 1] + b[i][1 + j] + b[1 + i][j] + b[i - 1][j]);
  }
}
KERNEL seidel_2d(int steps, int n, double (*a)[M]) {
  for (int t = 0; t < steps; t++)
    for (int i = 1; i < n - 1; i++)
      for (int j = 1; j < n - 1; j++)
        a[i][j] = (a[i - 1][j - 1] + a[i - 1][j] + a[i - 1][j + 1] + a[i][j - 1] + a[i][j] + a[i][j + 1] +
                   a[i + 1][j - 1] + a[i + 1][j] + a[i + 1][j + 1]) / 9.0;
}
KERNEL fdtd_2d(int steps, int nx, int ny, double (*ex)[M], double (*ey)[M], double (*hz)[M], double *fict) {
  for (int t = 0; t < steps; t++) {
    for (int j = 0; j < ny; j++) ey[0][j] = fict[t];
    for (int i = 1; i < nx; i++)
      for (int j = 0; j < ny; j++) ey[i][j] = ey[i][j] - 0.5 * (hz[i][j] - hz[i - 1][j]);
    for (int i = 0; i < nx; i++)
      for (int j = 1; j < ny; j++) ex[i][j] = ex[i][j] - 0.5 * (hz[i][j] - hz[i][j - 1]);
    for (int i = 0; i < nx - 1; i++)
      for (int j = 0; j < ny - 1; j++)
        hz[i][j] = hz[i][j] - 0.7 * (ex[i][j + 1] - ex[i][j] + ey[i + 1][j] - ey[i][j]);
  }
}
KERNEL heat_3d(int steps, int n, double (*a)[H][H], double (*b)[H][H]) {
  for (int t = 0; t < steps; t++) {
    for (int i = 1; i < n - 1; i++)
      for (int j = 1; j < n - 1; j++)
        for (int k = 1; k < n - 1; k++)
          b[i][j][k] = 0.125 * (a[i + 1][j][k] - 2.0 * a[i][j][k] + a[i - 1][j][k]) +
                       0.125 * (a[i][j + 1][k] - 2.0 * a[i][j][k] + a[i][j - 1][k]) +
                       0.125 * (a[i][j][k + 1] - 2.0 * a[i][j][k] + a[i][j][k - 1]) + a[i][j][k];
    for (int i = 1; i < n - 1; i++)
      for (int j = 1; j < n - 1; j++)
        for (int k = 1; k < n - 1; k++)
          a[i][j][k] = 0.125 * (b[i + 1][j][k] - 2.0 * b[i][j][k] + b[i - 1][j][k]) +
                       0.125 * (b[i][j + 1][k] - 2.0 * b[i][j][k] + b[i][j - 1][k]) +
                       0.125 * (b[i][j][k + 1] - 2.0 * b[i][j][k] + b[i][j][k - 1]) + b[i][j][k];
  }
}
KERNEL lu(int n, double (*a)[M]) {
  for (int i = 0; i < n; i++) {
    for (int j = 0; j < i; j++) {
      for (int k = 0; k < j; k++) a[i][j] -= a[i][k] * a[k][j];
      a[i][j] /= a[j][j];
    }
    for (int j = i; j < n; j++)
      for (int k = 0; k < i; k++) a[i][j] -= a[i][k] * a[k][j];
  }
}
KERNEL durbin(int n, double *r, double *yy, double *zz) {
  yy[0] = -r[0];
  double beta = 1.0, alpha = -r[0];
  for (int k = 1; k < n; k++) {
    beta = (1 - alpha * alpha) * beta;
    double sum = 0.0;
    for (int i = 0; i < k; i++) sum += r[k - i - 1] * yy[i];
    alpha = -(r[k] + sum) / beta;
    for (int i = 0; i < k; i++) zz[i] = yy[i] + alpha * yy[k - i - 1];
    for (int i = 0; i < k; i++) yy[i] = zz[i];
    yy[k] = alpha;
  }
}
KERNEL covariance(int n, int m, double (*data)[M], double (*cov)[M], double *mean) {
  for (int j = 0; j < m; j++) {
    mean[j] = 0.0;
    for (int i = 0; i < n; i++) mean[j] += data[i][j];
    mean[j] /= n;
  }
  for (int i = 0; i < n; i++)
    for (int j = 0; j < m; j++) data[i][j] -= mean[j];
  for (int i = 0; i < m; i++)
    for (int j = i; j < m; j++) {
      cov[i][j] = 0.0;
      for (int k = 0; k < n; k++) cov[i][j] += data[k][i] * data[k][j];
      cov[i][j] /= (n - 1.0);
      cov[j][i] = cov[i][j];
    }
}
KERNEL floyd_warshall(int n, int32_t (*path)[M]) {
  for (int k = 0; k < n; k++)
    for (int i = 0; i < n; i++)
      for (int j = 0; j < n; j++)
        path[i][j] = path[i][j] < path[i][k] + path[k][j] ? path[i][j] : path[i][k] + path[k][j];
}
KERNEL doitgen(int nr, int nq, int np, double (*a)[H][H], double (*c4)[M], double *sum) {
  for (int r = 0; r < nr; r++)
    for (int qq = 0; qq < nq; qq++) {
      for (int pp = 0; pp < np; pp++) {
        sum[pp] = 0.0;
        for (int s = 0; s < np; s++) sum[pp] += a[r][qq][s] * c4[s][pp];
      }
      for (int pp = 0; pp < np; pp++) a[r][qq][pp] = sum[pp];
    }
}

KERNEL saxpy(int n, float a, const float *xx, float *yy) {
  for (int i = 0; i < n; i++) yy[i] = a * xx[i] + yy[i];
}
KERNEL sum_i32(int n, const int32_t *a, int32_t *out) {
  int32_t s = 0;
  for (int i = 0; i < n; i++) s += a[i];
  out[0] = s;
}
KERNEL blend_u8(int n, const uint8_t *a, const uint8_t *b, uint8_t *out) {
  for (int i = 0; i < n; i++) out[i] = (uint8_t)((a[i] * 77 + b[i] * 179 + 128) >> 8);
}
KERNEL clamp_i32(int n, int lo, int hi, const int32_t *a, int32_t *b) {
  for (int i = 0; i < n; i++) b[i] = a[i] < lo ? lo : a[i] > hi ? hi : a[i];
}
KERNEL prefix(int n, const int32_t *a, int32_t *b) {
  int32_t s = 0;
  for (int i = 0; i < n; i++) b[i] = s += a[i];
}
KERNEL gather(int n, const int32_t *index, const double *a, double *b) {
  for (int i = 0; i < n; i++) b[i] += a[index[i]];
}
KERNEL spmv(int rows, const int32_t *ptr, const int32_t *col, const double *val, const double *xx, double *yy) {
  for (int i = 0; i < rows; i++) {
    double s = 0;
    for (int j = ptr[i]; j < ptr[i + 1]; j++) s += val[j] * xx[col[j]];
    yy[i] = s;
  }
}
KERNEL reverse_copy(int n, const int32_t *a, int32_t *b) {
  for (int i = 0; i < n; i++) b[i] = a[n - 1 - i];
}
KERNEL complex_mul(int n, const float *a, const float *b, float *c) {
  for (int i = 0; i < n; i += 2) {
    c[i] = a[i] * b[i] - a[i + 1] * b[i + 1];
    c[i + 1] = a[i] * b[i + 1] + a[i + 1] * b[i];
  }
}
KERNEL crc32(int n, const uint8_t *a, const uint32_t *table, uint32_t *out) {
  uint32_t c = ~0u;
  for (int i = 0; i < n; i++) c = table[(c ^ a[i]) & 0xff] ^ (c >> 8);
  out[0] = ~c;
}

static void *block(size_t bytes) {
  void *memory = aligned_alloc(64, (bytes + 63) / 64 * 64);
  if (!memory) exit(1);
  return memory;
}
static void fill(void) {
  for (int i = 0; i < N + 40; i++)
    for (int j = 0; j < M; j++) {
      A[i][j] = (double)((i * j + 1) % 97) / 97;
      B[i][j] = (double)((i * (j + 1)) % 89) / 89;
      C[i][j] = (double)((i + 2 * j) % 83) / 83;
      D[i][j] = (double)((3 * i + j) % 79) / 79;
    }
  for (int i = 0; i < N; i++) A[i][i] += N;
  for (int i = 0; i < L; i++) {
    u[i] = (double)(i % 71) / 71, v[i] = (double)(i % 67) / 670, w[i] = (double)(i % 61) / 610;
    x[i] = (double)(i % 59) / 590, y[i] = (double)(i % 53) / 530, z[i] = 0, p[i] = 1.0 / (i + 1), q[i] = i % 7;
    fa[i] = (float)(i % 101) / 101, fb[i] = (float)(i % 103) / 103, fc[i] = 0;
    ia[i] = (int32_t)((uint32_t)i * 2654435761u) % 1000, ib[i] = (int32_t)((uint32_t)i * 40503u % L), ic[i] = 0;
    ba[i] = (uint8_t)(i * 7), bb[i] = (uint8_t)(i * 13), bc[i] = 0;
  }
}
static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}
static double checksum(void) {
  double s = 0;
  for (int i = 0; i < N + 40; i += 3)
    for (int j = 0; j < M; j += 7) s += A[i][j] + B[i][j] + C[i][j] + D[i][j];
  for (int i = 0; i < L; i += 5) s += u[i] + w[i] + x[i] + y[i] + z[i] + q[i] + fc[i] + fb[i] + ic[i] + bc[i];
  return s;
}

#define RUN(name, times, call)                                                        \
  if (strncmp(only, name, strlen(only)) == 0) {                                       \
    double best = 1e9;                                                                \
    for (int round = 0; round < 25; round++) {                                         \
      fill();                                                                         \
      int repeat = (int)((times) * scale / 100);                                      \
      if (repeat < 1) repeat = 1;                                                     \
      double start = seconds();                                                       \
      for (int r = 0; r < repeat; r++) { call; }                                      \
      double took = (seconds() - start) / repeat;                                     \
      if (took < best) best = took;                                                   \
    }                                                                                 \
    printf("%-14s %.9f %.6e\n", name, best, checksum());                              \
  }

int main(int argc, char **argv) {
  const char *only = argc > 1 ? argv[1] : "";
  double scale = argc > 2 ? atof(argv[2]) : 100;
  size_t matrix = sizeof(double) * M * (N + 40), vector = sizeof(double) * L;
  A = block(matrix), B = block(matrix), C = block(matrix), D = block(matrix);
  u = block(vector), v = block(vector), w = block(vector), x = block(vector);
  y = block(vector), z = block(vector), p = block(vector), q = block(vector);
  fa = block(4 * L), fb = block(4 * L), fc = block(4 * L);
  ia = block(4 * L + 64), ib = block(4 * L), ic = block(4 * L);
  ba = block(L), bb = block(L), bc = block(L);
  RUN("gemm", 1, gemm(N, N, N, 1.5, 1.2, C, A, B))
  RUN("matmul_dot", 1, matmul_dot(N, C, A, B))
  RUN("syrk", 1, syrk(N, N, 1.5, 1.2, C, A))
  RUN("trmm", 1, trmm(N, N, 1.5, A, B))
  RUN("atax", 20, atax(N, N, A, x, y, z))
  RUN("bicg", 20, bicg(N, N, A, x, y, v, p))
  RUN("mvt", 20, mvt(N, x, y, u, v, A))
  RUN("gemver", 10, gemver(N, A, u, v, p, q, w, x))
  RUN("jacobi_1d", 2, jacobi_1d(T, L, u, v))
  RUN("jacobi_2d", 1, jacobi_2d(T, N, A, B))
  RUN("seidel_2d", 1, seidel_2d(4, N, A))
  RUN("fdtd_2d", 1, fdtd_2d(T, N, N, A, B, C, u))
  RUN("heat_3d", 1, heat_3d(T, H, (double(*)[H][H])A, (double(*)[H][H])B))
  RUN("lu", 1, lu(N, A))
  RUN("durbin", 4, durbin(600, v, y, z))
  RUN("covariance", 1, covariance(N, N, A, B, x))
  RUN("floyd_warshall", 1, floyd_warshall(N, (int32_t(*)[M])A))
  RUN("doitgen", 2, doitgen(H, H, H, (double(*)[H][H])A, B, x))
  RUN("saxpy", 100, saxpy(L, 1.01f, fa, fb))
  RUN("sum_i32", 100, sum_i32(L, ia, ic))
  RUN("blend_u8", 100, blend_u8(L, ba, bb, bc))
  RUN("clamp_i32", 100, clamp_i32(L, 100, 800, ia, ic))
  RUN("prefix", 100, prefix(L, ia, ic))
  RUN("gather", 50, gather(L, ib, u, w))
  RUN("reverse_copy", 100, reverse_copy(L, ia, ic))
  RUN("complex_mul", 100, complex_mul(L, fa, fb, fc))
  RUN("crc32", 20, crc32(L, ba, (uint32_t *)ib, (uint32_t *)ic))
  static int32_t rows[4001];
  for (int i = 0; i <= 4000; i++) rows[i] = i * 10;
  RUN("spmv", 30, spmv(3999, rows, ib, u, v, w))
  return 0;
}
