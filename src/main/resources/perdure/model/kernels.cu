// Fused kernels of training on a GPU. Each does in one pass over memory what libtorch's operators do in several.
// perdure.model.FusedKernels calls them, and has the formulas beside the code that makes the same on a CPU.
//
// No kernel adds in an order that depends on the scheduling of its blocks, so the same input gives the same bytes.
// T is float, or bf16 as its bits. Sizes that are counted in values of a row are multiples of 4.

typedef unsigned short bf16;
typedef long long int64;

#define NOTHING __int_as_float(0xff800000) // minus infinity

template <class T> struct alignas(4 * sizeof(T)) Four { T v[4]; };

__device__ inline float number(float x) { return x; }
__device__ inline float number(bf16 x) { return __uint_as_float((unsigned int)x << 16); }

__device__ inline void set(float &to, float x) { to = x; }
__device__ inline void set(bf16 &to, float x) {
    unsigned int bits = __float_as_uint(x);
    to = x != x ? 0x7fff : (bf16)((bits + 0x7fff + (bits >> 16 & 1)) >> 16); // to nearest, ties to even
}

template <class T> __device__ inline const Four<T> &four(const T *p, int64 i) { return *(const Four<T> *)(p + i); }
template <class T> __device__ inline Four<T> &four(T *p, int64 i) { return *(Four<T> *)(p + i); }

// The sum over the threads of a block, for all of them. Its order is fixed.
__device__ inline float blockSum(float x) {
    __shared__ float parts[33];
    for (int distance = 16; distance > 0; distance /= 2) {
        x += __shfl_down_sync(0xffffffff, x, distance);
    }
    if (threadIdx.x % 32 == 0) {
        parts[threadIdx.x / 32] = x;
    }
    __syncthreads();
    if (threadIdx.x == 0) {
        float sum = 0;
        for (int i = 0; i < (blockDim.x + 31) / 32; i++) {
            sum += parts[i];
        }
        parts[32] = sum;
    }
    __syncthreads();
    x = parts[32];
    __syncthreads();
    return x;
}

__device__ inline float blockMaximum(float x) {
    __shared__ float parts[33];
    for (int distance = 16; distance > 0; distance /= 2) {
        x = fmaxf(x, __shfl_down_sync(0xffffffff, x, distance));
    }
    if (threadIdx.x % 32 == 0) {
        parts[threadIdx.x / 32] = x;
    }
    __syncthreads();
    if (threadIdx.x == 0) {
        float most = parts[0];
        for (int i = 1; i < (blockDim.x + 31) / 32; i++) {
            most = fmaxf(most, parts[i]);
        }
        parts[32] = most;
    }
    __syncthreads();
    x = parts[32];
    __syncthreads();
    return x;
}

// y = w * x * s with s = 1 / sqrt(mean(x * x) + epsilon). One block for each row.
template <class T>
__device__ void normForward(const float *x, const float *w, T *y, float *s, int columns, float epsilon) {
    int64 row = (int64)blockIdx.x * columns;
    float sum = 0;
    for (int i = threadIdx.x * 4; i < columns; i += blockDim.x * 4) {
        Four<float> a = four(x, row + i);
        sum += a.v[0] * a.v[0] + a.v[1] * a.v[1] + a.v[2] * a.v[2] + a.v[3] * a.v[3];
    }
    float scale = rsqrtf(blockSum(sum) / columns + epsilon);
    if (threadIdx.x == 0) {
        s[blockIdx.x] = scale;
    }
    for (int i = threadIdx.x * 4; i < columns; i += blockDim.x * 4) {
        Four<float> a = four(x, row + i);
        Four<float> b = four(w, i);
        Four<T> c;
        for (int k = 0; k < 4; k++) {
            set(c.v[k], b.v[k] * a.v[k] * scale);
        }
        four(y, row + i) = c;
    }
}

// dx = s * (dy * w - x * s * s * mean(dy * w * x)) + added, and the block's share of dw = sum over rows of dy * x * s.
// A block has neighbouring rows, and a thread at most 4 * GROUPS columns.
#define GROUPS 4

template <class T>
__device__ void normBackward(
        const T *dy,
        const float *x,
        const float *w,
        const float *s,
        const float *added,
        float *dx,
        float *dw,
        int rows,
        int columns) {
    Four<float> sums[GROUPS];
    for (int g = 0; g < GROUPS; g++) {
        for (int k = 0; k < 4; k++) {
            sums[g].v[k] = 0;
        }
    }
    int first = (int)((int64)rows * blockIdx.x / gridDim.x);
    int end = (int)((int64)rows * (blockIdx.x + 1) / gridDim.x);
    for (int r = first; r < end; r++) {
        int64 row = (int64)r * columns;
        float scale = s[r];
        float sum = 0;
        for (int i = threadIdx.x * 4; i < columns; i += blockDim.x * 4) {
            Four<T> d = four(dy, row + i);
            Four<float> a = four(x, row + i);
            Four<float> b = four(w, i);
            for (int k = 0; k < 4; k++) {
                sum += number(d.v[k]) * b.v[k] * a.v[k];
            }
        }
        float factor = blockSum(sum) / columns * scale * scale;
        for (int g = 0, i = threadIdx.x * 4; g < GROUPS; g++, i += blockDim.x * 4) {
            if (i < columns) {
                Four<T> d = four(dy, row + i);
                Four<float> a = four(x, row + i);
                Four<float> b = four(w, i);
                Four<float> c;
                Four<float> e = {0, 0, 0, 0};
                if (added) {
                    e = four(added, row + i);
                }
                for (int k = 0; k < 4; k++) {
                    float gradient = number(d.v[k]);
                    sums[g].v[k] += gradient * a.v[k] * scale;
                    c.v[k] = scale * (gradient * b.v[k] - a.v[k] * factor) + e.v[k];
                }
                four(dx, row + i) = c;
            }
        }
    }
    for (int g = 0, i = threadIdx.x * 4; g < GROUPS; g++, i += blockDim.x * 4) {
        if (i < columns) {
            four(dw, (int64)blockIdx.x * columns + i) = sums[g];
        }
    }
}

// Rotates the first heads * size values of each row in place: (a, b) -> (a cos - b sin, b cos + a sin), where a is in the
// first half of a head and b in the second; sign -1 rotates back. A thread has four such pairs.
template <class T>
__device__ void rotate(
        T *x, const float *cosines, const float *sines, int rows, int time, int heads, int size, int stride, float sign) {
    int half = size / 2;
    int64 each = (int64)heads * (half / 4);
    int64 thread = (int64)blockIdx.x * blockDim.x + threadIdx.x;
    if (thread >= rows * each) {
        return;
    }
    int64 row = thread / each;
    int within = (int)(thread % each);
    int head = within / (half / 4);
    int j = within % (half / 4) * 4;
    int64 at = row * stride + head * size + j;
    int64 angle = row % time * size + j;
    Four<T> a = four(x, at);
    Four<T> b = four(x, at + half);
    Four<float> c = four(cosines, angle);
    Four<float> s = four(sines, angle + half); // the second half of the table is positive
    for (int k = 0; k < 4; k++) {
        float p = number(a.v[k]);
        float q = number(b.v[k]);
        float sine = sign * s.v[k];
        set(a.v[k], p * c.v[k] - q * sine);
        set(b.v[k], q * c.v[k] + p * sine);
    }
    four(x, at) = a;
    four(x, at + half) = b;
}

// Joins queries (rows, heads, size), keys and values (rows, groups, size) to rows of all heads. Rotates queries and keys
// back if there are cosines. A thread has four pairs.
template <class T>
__device__ void joined(
        const T *q,
        const T *k,
        const T *v,
        T *y,
        const float *cosines,
        const float *sines,
        int rows,
        int time,
        int heads,
        int groups,
        int size) {
    int half = size / 2;
    int all = heads + 2 * groups;
    int64 each = (int64)all * (half / 4);
    int64 thread = (int64)blockIdx.x * blockDim.x + threadIdx.x;
    if (thread >= rows * each) {
        return;
    }
    int64 row = thread / each;
    int within = (int)(thread % each);
    int head = within / (half / 4);
    int j = within % (half / 4) * 4;
    const T *from = head < heads ? q + (row * heads + head) * size
            : head < heads + groups ? k + (row * groups + head - heads) * size
                                    : v + (row * groups + head - heads - groups) * size;
    Four<T> a = four(from, j);
    Four<T> b = four(from, j + half);
    if (cosines && head < heads + groups) {
        int64 angle = row % time * size + j;
        Four<float> c = four(cosines, angle);
        Four<float> s = four(sines, angle + half);
        for (int i = 0; i < 4; i++) {
            float p = number(a.v[i]);
            float r = number(b.v[i]);
            set(a.v[i], p * c.v[i] + r * s.v[i]);
            set(b.v[i], r * c.v[i] - p * s.v[i]);
        }
    }
    int64 at = (row * all + head) * size + j;
    four(y, at) = a;
    four(y, at + half) = b;
}

__device__ inline float sigmoid(float x) { return 1 / (1 + __expf(-x)); }

// y = silu(gate) * up of rows (gate, up). A thread has four columns.
template <class T> __device__ void swiGlu(const T *x, T *y, int rows, int columns) {
    int64 at = ((int64)blockIdx.x * blockDim.x + threadIdx.x) * 4;
    if (at >= (int64)rows * columns) {
        return;
    }
    int64 from = at / columns * columns + at; // of the gate, in rows twice as long
    Four<T> gate = four(x, from);
    Four<T> up = four(x, from + columns);
    Four<T> out;
    for (int k = 0; k < 4; k++) {
        float g = number(gate.v[k]);
        set(out.v[k], g * sigmoid(g) * number(up.v[k]));
    }
    four(y, at) = out;
}

// In the place of (gate, up): (dy * up * silu'(gate), dy * silu(gate)).
template <class T> __device__ void swiGluBackward(const T *dy, T *x, int rows, int columns) {
    int64 at = ((int64)blockIdx.x * blockDim.x + threadIdx.x) * 4;
    if (at >= (int64)rows * columns) {
        return;
    }
    int64 from = at / columns * columns + at;
    Four<T> d = four(dy, at);
    Four<T> gate = four(x, from);
    Four<T> up = four(x, from + columns);
    for (int k = 0; k < 4; k++) {
        float gradient = number(d.v[k]);
        float g = number(gate.v[k]);
        float u = number(up.v[k]);
        float s = sigmoid(g);
        set(gate.v[k], gradient * u * s * (1 + g * (1 - s)));
        set(up.v[k], gradient * g * s);
    }
    four(x, from) = gate;
    four(x, from + columns) = up;
}

// The loss of each row of logits, log(sum of exp z) - z of the target, and in place of the logits their gradient
// scale * (softmax(z) - [is the target]), if there is a scale. Rows without a target have loss 0 and gradient 0, and so
// have the columns from `vocabulary` on. One block for each row, whose length is a multiple of 4. If it is `cached`, the
// block's shared memory holds it between the two passes.
template <class T>
__device__ void crossEntropy(
        T *logits,
        const int64 *targets,
        const float *scale,
        float *losses,
        int vocabulary,
        int columns,
        int cached) {
    extern __shared__ __align__(16) float memory[];
    T *copy = (T *)memory;
    T *row = logits + (int64)blockIdx.x * columns;
    int64 target = targets[blockIdx.x];
    float most = NOTHING;
    float sum = 0;
    for (int i = threadIdx.x * 4; i < vocabulary; i += blockDim.x * 4) {
        Four<T> z = four(row, i);
        if (cached) {
            four(copy, i) = z; // Read again by the same thread alone.
        }
        float greatest = most;
        for (int k = 0; k < 4; k++) {
            greatest = fmaxf(greatest, i + k < vocabulary ? number(z.v[k]) : NOTHING);
        }
        float added = 0;
        for (int k = 0; k < 4; k++) {
            added += i + k < vocabulary ? __expf(number(z.v[k]) - greatest) : 0;
        }
        sum = (most == greatest ? sum : sum * __expf(most - greatest)) + added;
        most = greatest;
    }
    float maximum = blockMaximum(most);
    float total = blockSum(sum == 0 ? 0 : sum * __expf(most - maximum));
    bool counts = target >= 0;
    if (threadIdx.x == 0) {
        losses[blockIdx.x] = counts ? logf(total) + maximum - number(row[target]) : 0;
    }
    if (!scale) {
        return;
    }
    __syncthreads(); // The target's logit is read before it is overwritten.
    float factor = counts ? *scale / total : 0;
    for (int i = threadIdx.x * 4; i < columns; i += blockDim.x * 4) {
        Four<T> z = cached && i < vocabulary ? four(copy, i) : four(row, i);
        for (int k = 0; k < 4; k++) {
            float gradient = i + k < vocabulary && counts ? __expf(number(z.v[k]) - maximum) * factor : 0;
            set(z.v[k], i + k == target ? gradient - *scale : gradient);
        }
        four(row, i) = z;
    }
}

#define KERNELS(NAME, T)                                                                                               \
    extern "C" __global__ void normForward##NAME(                                                                      \
            const float *x, const float *w, T *y, float *s, int columns, float epsilon) {                              \
        normForward<T>(x, w, y, s, columns, epsilon);                                                                  \
    }                                                                                                                  \
    extern "C" __global__ void normBackward##NAME(                                                                     \
            const T *dy, const float *x, const float *w, const float *s, const float *added, float *dx, float *dw,     \
            int rows, int columns) {                                                                                   \
        normBackward<T>(dy, x, w, s, added, dx, dw, rows, columns);                                                    \
    }                                                                                                                  \
    extern "C" __global__ void rotate##NAME(                                                                           \
            T *x, const float *c, const float *s, int rows, int time, int heads, int size, int stride, float sign) {   \
        rotate<T>(x, c, s, rows, time, heads, size, stride, sign);                                                     \
    }                                                                                                                  \
    extern "C" __global__ void joined##NAME(                                                                           \
            const T *q, const T *k, const T *v, T *y, const float *c, const float *s, int rows, int time, int heads,   \
            int groups, int size) {                                                                                    \
        joined<T>(q, k, v, y, c, s, rows, time, heads, groups, size);                                                  \
    }                                                                                                                  \
    extern "C" __global__ void swiGlu##NAME(const T *x, T *y, int rows, int columns) {                                 \
        swiGlu<T>(x, y, rows, columns);                                                                                \
    }                                                                                                                  \
    extern "C" __global__ void swiGluBackward##NAME(const T *dy, T *x, int rows, int columns) {                        \
        swiGluBackward<T>(dy, x, rows, columns);                                                                       \
    }                                                                                                                  \
    extern "C" __global__ void crossEntropy##NAME(                                                                     \
            T *logits, const int64 *targets, const float *scale, float *losses, int vocabulary, int columns,           \
            int cached) {                                                                                              \
        crossEntropy<T>(logits, targets, scale, losses, vocabulary, columns, cached);                                  \
    }

KERNELS(Float, float)
KERNELS(BFloat16, bf16)
