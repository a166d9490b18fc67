// Times oneDNN's primitives for the layers on standard input, each with its data in the layout
// oneDNN likes best and ReLU fused; prints the median seconds of each.
//
//   g++ -O2 onednn.cpp -ldnnl -o onednn && ./onednn SECONDS < layers
//
// A line: N C H W O KH KW SH SW TOP BOTTOM LEFT RIGHT GROUPS. A dense layer is a 1x1 image. The
// layers run in their order, over and over, and pass two buffers to and fro, so that each finds its
// input and its weights where a network would have left them. layers.py compiles and runs it.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <oneapi/dnnl/dnnl.hpp>
#include <unordered_map>
#include <vector>

using namespace dnnl;
using Clock = std::chrono::steady_clock;

struct Layer {
  memory::dim n, c, h, w, o, kh, kw, sh, sw, top, bottom, left, right, groups;
};

struct Job {
  convolution_forward::primitive_desc desc;
  convolution_forward convolution;
  std::unordered_map<int, memory> arguments;
  std::vector<double> times;
};

static double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

static memory filled(const memory::desc &desc, const engine &cpu) {
  memory made(desc, cpu);
  auto *data = static_cast<float *>(made.get_data_handle());
  for (size_t i = 0; i < desc.get_size() / sizeof(float); ++i)
    data[i] = static_cast<float>(i % 13) * 0.125f - 0.75f; // no denormals
  return made;
}

static Job prepare(const Layer &l, const engine &cpu) {
  using dt = memory::data_type;
  using tag = memory::format_tag;
  const memory::dim oh = (l.h + l.top + l.bottom - l.kh) / l.sh + 1;
  const memory::dim ow = (l.w + l.left + l.right - l.kw) / l.sw + 1;
  memory::dims kernel = {l.o, l.c / l.groups, l.kh, l.kw};
  if (l.groups > 1)
    kernel = {l.groups, l.o / l.groups, l.c / l.groups, l.kh, l.kw};
  const memory::desc any_in({l.n, l.c, l.h, l.w}, dt::f32, tag::any);
  const memory::desc any_weights(kernel, dt::f32, tag::any);
  const memory::desc any_out({l.n, l.o, oh, ow}, dt::f32, tag::any);
  const memory::desc bias({l.o}, dt::f32, tag::a);
  post_ops relu;
  relu.append_eltwise(1.0f, algorithm::eltwise_relu, 0.0f, 0.0f);
  primitive_attr attributes;
  attributes.set_post_ops(relu);
  // auto: direct or Winograd, as oneDNN finds best.
  const convolution_forward::desc desc(prop_kind::forward_inference, algorithm::convolution_auto,
                                       any_in, any_weights, bias, any_out, {l.sh, l.sw},
                                       {l.top, l.left}, {l.bottom, l.right});
  const convolution_forward::primitive_desc primitive(desc, attributes, cpu);
  return {primitive,
          convolution_forward(primitive),
          {{DNNL_ARG_WEIGHTS, filled(primitive.weights_desc(), cpu)},
           {DNNL_ARG_BIAS, filled(primitive.bias_desc(), cpu)}},
          {}};
}

// Every second layer reads what the others write.
static void connect(std::vector<Job> &jobs, std::vector<float> buffers[2], const engine &cpu) {
  size_t most = 0;
  for (const Job &job : jobs)
    most = std::max({most, job.desc.src_desc().get_size(), job.desc.dst_desc().get_size()});
  for (int i : {0, 1})
    buffers[i].assign(most / sizeof(float) + 16, 0.5f);
  auto aligned = [&](size_t i) {
    auto address = reinterpret_cast<uintptr_t>(buffers[i % 2].data());
    return reinterpret_cast<void *>((address + 63) / 64 * 64);
  };
  for (size_t i = 0; i < jobs.size(); ++i) {
    jobs[i].arguments.insert({DNNL_ARG_SRC, memory(jobs[i].desc.src_desc(), cpu, aligned(i))});
    jobs[i].arguments.insert({DNNL_ARG_DST, memory(jobs[i].desc.dst_desc(), cpu, aligned(i + 1))});
  }
}

int main(int argc, char **argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 1;
  const engine cpu(engine::kind::cpu, 0);
  std::vector<Job> jobs;
  Layer l;
  while (std::scanf("%ld %ld %ld %ld %ld %ld %ld %ld %ld %ld %ld %ld %ld %ld", &l.n, &l.c, &l.h,
                    &l.w, &l.o, &l.kh, &l.kw, &l.sh, &l.sw, &l.top, &l.bottom, &l.left, &l.right,
                    &l.groups) == 14)
    jobs.push_back(prepare(l, cpu));
  std::vector<float> buffers[2];
  connect(jobs, buffers, cpu);
  stream queue(cpu);
  const auto since = [](Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  const auto begin = Clock::now();
  for (int pass = 0; pass < 7 || since(begin) < seconds; ++pass)
    for (Job &job : jobs) {
      const auto start = Clock::now();
      job.convolution.execute(queue, job.arguments);
      queue.wait();
      if (pass >= 2) // the first ones warm up
        job.times.push_back(since(start));
    }
  for (const Job &job : jobs)
    std::printf("%.9g\n", median(job.times));
}
