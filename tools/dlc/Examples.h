//===- Examples.h - what --help shows below the options -----------------*- C++ -*-===//
#ifndef DLC_TOOLS_DLC_EXAMPLES_H
#define DLC_TOOLS_DLC_EXAMPLES_H

namespace dlc::tools {

inline constexpr const char *kOverview =
    R"(Compiles neural networks, described in JSON, to native libraries.

Examples:
  dlc compile lenet.json -o out          out/liblenet.so, liblenet.a, lenet.h
  dlc run lenet.json --input x.npy       predictions for the samples of x.npy
  dlc bench lenet.json --batch 32        how fast it is
  dlc train lenet.json --data mnist      weights, as the model's "train" says
  dlc tune -o tuning.json                measure this machine; compile --tuning tuning.json
  dlc inspect lenet.json                 layers, shapes, parameters, arithmetic
  dlc layers | less                      what a model.json may say
'dlc COMMAND --help' tells more.

Exit codes: 0 done, 1 the input is wrong, 2 the command line is wrong, 3 a fault in dlc.)";

inline constexpr const char *kCompileExamples = R"(Examples:
  dlc compile lenet.json -o out
  dlc compile lenet.json -o out --weights trained.safetensors
  dlc compile lenet.json -o out --march x86-64-v2,x86-64-v3,x86-64-v4
  dlc compile lenet.json -o out --march aarch64  for another machine
  dlc compile lenet.json -o out --target cuda --chip sm_80,sm_90a --precision tf32
  dlc compile lenet.json -o out --target cpu,cuda     the caller chooses when it creates one
  dlc compile lenet.json -o out --tuning tuning.json   kernels chosen by what 'dlc tune' measured
  dlc compile lenet.json -o out --weights trained.safetensors --prepare=compile
  dlc compile lenet.json -o out --report          what became of each layer, and its time
  dlc compile lenet.json -o out --report lenet.html
  dlc compile lenet.json --emit fused            the groups that become kernels
  dlc compile lenet.json --emit asm -o lenet.s)";

inline constexpr const char *kRunExamples = R"(Examples:
  dlc run lenet.json --input digits.npy
  dlc run out/liblenet.so --weights lenet.safetensors --input digits.npy --output y.npy
  dlc run lenet.json --target cuda --precision tf32 --input digits.npy
  dlc run two_inputs.json --input image.npy --input mask.npy --output y.npy
  dlc run two_inputs.json --input named.npz --output y.npz)";

inline constexpr const char *kBenchExamples = R"(Examples:
  dlc bench resnet50.json
  dlc bench resnet50.json --batch 32 --threads 1 --json
  dlc bench resnet50.json --tuning tuning.json   kernels chosen by what 'dlc tune' measured
  dlc bench resnet50.json --layers               the time of each kernel, and whose work it does
  dlc bench out/libresnet50.so --min-time 5)";

inline constexpr const char *kTrainExamples = R"(Examples:
  dlc train lenet5.json --data mnist             a folder with the four files of MNIST, unpacked
  dlc train resnet20.json --data cifar-10-batches-bin --epochs 100 --out best.safetensors
  dlc train flowers.json --data photos --validation-split 0.2 --resize bilinear
  dlc train mlp.json --data x.npy --data y.npy --batch-size 64 --set optimizer.learning_rate=0.05
  dlc train iris.json --data iris.csv --label-column species --plots pictures --log log.jsonl
  dlc train resnet20.json --data cifar --augment RandomFlip:mode=horizontal --augment RandomCrop:padding=4
  dlc train lenet5.json --data mnist --checkpoint run --resume
  mpirun -n 4 dlc train resnet20.json --data cifar --batch-size 128 --threads 1
  dlc train pets.json --data pets --transfer resnet18.safetensors
  dlc train mlp.json --data mnist --epochs 3 --search bayes --trials 20 \
      --param optimizer.learning_rate=1e-4:1e-1:log --param layers.h1.units=32,64,128
The model's "train" names the loss and the optimizer and may say the rest; the command line wins:
  "train": {"loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"],
            "optimizer": {"type": "SGD", "learning_rate": 0.01, "momentum": 0.9},
            "epochs": 10, "batch_size": 32, "validation_split": 0.1, "shuffle": true, "seed": 0,
            "augmentation": [{"type": "RandomFlip", "mode": "horizontal"}],
            "early_stopping": {"monitor": "val_loss", "patience": 3, "min_delta": 0}}
Data sets: MNIST's idx files, CIFAR-10 and CIFAR-100 binaries, a folder of these; two .npy (inputs,
targets); .npz (x, y; x_test, y_test); .csv; a folder with a folder of PNG or JPEG images for each
class, or with train/ and test/ of that kind. A test set that comes with the data validates.
mpirun: each process computes the gradients of its part of every batch; all update the same weights.
Ctrl-C finishes the step, saves everything, and exits with 130; --resume goes on with the same bits.
Augmentations, with their fields (and defaults):
)";

inline constexpr const char *kTuneExamples = R"(Examples:
  dlc tune                                       what this machine's constants would be
  dlc tune -o tuning.json
  dlc tune -o tuning.json --march x86-64-v4,x86-64-v3
  dlc compile resnet50.json -o out --tuning tuning.json
The cost model chooses between direct sums and the Winograd forms of 3x3 and 5x5 convolutions. Its
constants are prices in half cycles: the time of one vector multiply-add at the peak.)";

inline constexpr const char *kInspectExamples = R"(Examples:
  dlc inspect resnet50.json
  dlc inspect resnet50.json --json
  dlc inspect out/libresnet50.so)";

inline constexpr const char *kSchemaExamples = R"(Examples:
  dlc schema > dlc-model-1.json          for editors that complete and check JSON)";

inline constexpr const char *kLayersExamples = R"(Examples:
  dlc layers > layers.md
  dlc layers --json)";

inline constexpr const char *kTargetsExamples = R"(Examples:
  dlc targets
  dlc targets --json)";

} // namespace dlc::tools

#endif // DLC_TOOLS_DLC_EXAMPLES_H
