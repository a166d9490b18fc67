//===- Redirect.cpp - calls of the simulator for NVVM operations --------------------===//
//
// Scalars are passed as they are, what a thread holds in several registers through memory. A site,
// which tells lanes that meet whether they are at the same operation, is the address of a text that
// messages show.
//
//===---------------------------------------------------------------------------------===//

#include "compiler/cuda/Redirect.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/IR/Dominance.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace dlc::cuda;

namespace {

/// Writes the calls in the place of the operations of one function.
class Redirector {
public:
  explicit Redirector(LLVM::LLVMFuncOp func)
      : func(func), module(func->getParentOfType<gpu::GPUModuleOp>()), builder(func.getContext()) {}

  LogicalResult run();
  void countRounds();
  void traceAccesses();

private:
  /// Each takes the operations of one family; false: it is of another.
  bool redirectRegister(Operation *op);
  bool redirectMeeting(Operation *op);
  bool redirectCopy(Operation *op);
  bool redirectMatrix(Operation *op);
  bool redirectNumber(Operation *op);
  bool redirectMbarrier(Operation *op);
  bool redirectWarpgroup(Operation *op);
  bool isForHardwareAlone(Operation *op);
  bool shuffle(NVVM::ShflOp op);
  bool multiply(NVVM::MmaOp op);
  bool multiply(NVVM::WgmmaMmaAsyncOp op);
  bool load(NVVM::CpAsyncBulkTensorGlobalToSharedClusterOp op);
  bool roundToBf16(NVVM::ConvertF32x2ToBF16x2Op op);

  Value constant(int32_t value) {
    return LLVM::ConstantOp::create(builder, loc, builder.getI32IntegerAttr(value));
  }
  Value flag(bool value) {
    return LLVM::ConstantOp::create(builder, loc, builder.getBoolAttr(value));
  }
  Value site(Operation *op);
  /// Memory of the thread for a value of this type.
  Value slot(Type type);
  /// The registers, one after the other in memory.
  Value spill(ValueRange registers);
  /// The same pointer, of no address space.
  Value generic(Value pointer);

  /// A call that returns `result`, or nothing where that is null.
  LLVM::CallOp call(StringRef name, ValueRange arguments, Type result = {}, bool isPure = false);
  bool replace(Operation *op, StringRef name, ValueRange arguments, bool isPure = false);
  /// With the result in memory, whose address is the call's last argument.
  bool replaceThroughMemory(Operation *op, StringRef name, SmallVector<Value> arguments);

  LLVM::LLVMFuncOp func;
  gpu::GPUModuleOp module;
  OpBuilder builder;
  Location loc = UnknownLoc::get(func.getContext());
  llvm::StringMap<int> numOfName;
  int numSites = 0;
};

} // namespace

/// The place of an op: its kernel, its name, how many such came before it, and its file and line.
Value Redirector::site(Operation *op) {
  StringRef name = op->getName().getStringRef();
  std::string text;
  llvm::raw_string_ostream os(text);
  os << func.getName() << ": " << name << " #" << numOfName[name]++;
  if (auto place = op->getLoc()->findInstanceOf<FileLineColLoc>())
    os << " (" << place.getFilename().getValue() << ":" << place.getLine() << ")";
  os << '\0';
  OpBuilder top = OpBuilder::atBlockBegin(module.getBody());
  auto global = LLVM::GlobalOp::create(
      top, loc, LLVM::LLVMArrayType::get(builder.getI8Type(), text.size()),
      /*isConstant=*/true, LLVM::Linkage::Internal,
      (func.getName() + ".site" + Twine(numSites++)).str(), builder.getStringAttr(text));
  return LLVM::AddressOfOp::create(builder, loc, global);
}

Value Redirector::slot(Type type) {
  OpBuilder entry = OpBuilder::atBlockBegin(&func.getBody().front());
  Value one = LLVM::ConstantOp::create(entry, loc, entry.getI32IntegerAttr(1));
  return LLVM::AllocaOp::create(entry, loc, LLVM::LLVMPointerType::get(entry.getContext()), type,
                                one, /*alignment=*/16);
}

Value Redirector::spill(ValueRange registers) {
  auto type =
      LLVM::LLVMStructType::getLiteral(builder.getContext(), llvm::to_vector(registers.getTypes()));
  Value memory = slot(type);
  Value all = LLVM::PoisonOp::create(builder, loc, type);
  for (auto [i, value] : llvm::enumerate(registers))
    all = LLVM::InsertValueOp::create(builder, loc, all, value, i);
  LLVM::StoreOp::create(builder, loc, all, memory);
  return memory;
}

Value Redirector::generic(Value pointer) {
  if (cast<LLVM::LLVMPointerType>(pointer.getType()).getAddressSpace() == 0)
    return pointer;
  return LLVM::AddrSpaceCastOp::create(builder, loc,
                                       LLVM::LLVMPointerType::get(builder.getContext()), pointer);
}

LLVM::CallOp Redirector::call(StringRef name, ValueRange arguments, Type result, bool isPure) {
  if (!result)
    result = LLVM::LLVMVoidType::get(builder.getContext());
  auto callee = module.lookupSymbol<LLVM::LLVMFuncOp>(name);
  if (!callee) {
    auto type = LLVM::LLVMFunctionType::get(result, llvm::to_vector(arguments.getTypes()));
    OpBuilder top = OpBuilder::atBlockBegin(module.getBody());
    callee = LLVM::LLVMFuncOp::create(top, loc, name, type);
    if (isPure) {
      callee.setWillReturn(true);
      callee.setNoUnwind(true);
      auto none = LLVM::ModRefInfo::NoModRef;
      callee.setMemoryEffectsAttr(
          top.getAttr<LLVM::MemoryEffectsAttr>(none, none, none, none, none, none));
    }
  }
  return LLVM::CallOp::create(builder, loc, callee, arguments);
}

bool Redirector::replace(Operation *op, StringRef name, ValueRange arguments, bool isPure) {
  Type result = op->getNumResults() ? op->getResult(0).getType() : Type();
  LLVM::CallOp made = call(name, arguments, result, isPure);
  op->replaceAllUsesWith(made);
  op->erase();
  return true;
}

bool Redirector::replaceThroughMemory(Operation *op, StringRef name, SmallVector<Value> arguments) {
  Type type = op->getResult(0).getType();
  arguments.push_back(slot(type));
  call(name, arguments);
  op->getResult(0).replaceAllUsesWith(
      LLVM::LoadOp::create(builder, loc, type, arguments.back()).getResult());
  op->erase();
  return true;
}

bool Redirector::redirectRegister(Operation *op) {
  auto read = [&](StringRef name, int dimension) {
    return replace(op, name, constant(dimension), /*isPure=*/true);
  };
  return llvm::TypeSwitch<Operation *, bool>(op)
      .Case([&](NVVM::ThreadIdXOp) { return read("dlc_sim_thread_id", 0); })
      .Case([&](NVVM::ThreadIdYOp) { return read("dlc_sim_thread_id", 1); })
      .Case([&](NVVM::ThreadIdZOp) { return read("dlc_sim_thread_id", 2); })
      .Case([&](NVVM::BlockIdXOp) { return read("dlc_sim_block_id", 0); })
      .Case([&](NVVM::BlockIdYOp) { return read("dlc_sim_block_id", 1); })
      .Case([&](NVVM::BlockIdZOp) { return read("dlc_sim_block_id", 2); })
      .Case([&](NVVM::BlockDimXOp) { return read("dlc_sim_block_dim", 0); })
      .Case([&](NVVM::BlockDimYOp) { return read("dlc_sim_block_dim", 1); })
      .Case([&](NVVM::BlockDimZOp) { return read("dlc_sim_block_dim", 2); })
      .Case([&](NVVM::GridDimXOp) { return read("dlc_sim_grid_dim", 0); })
      .Case([&](NVVM::GridDimYOp) { return read("dlc_sim_grid_dim", 1); })
      .Case([&](NVVM::GridDimZOp) { return read("dlc_sim_grid_dim", 2); })
      .Case([&](NVVM::LaneIdOp) { return replace(op, "dlc_sim_lane_id", {}, /*isPure=*/true); })
      .Default(false);
}

bool Redirector::shuffle(NVVM::ShflOp op) {
  Type type = op.getVal().getType(), i32 = builder.getI32Type();
  Value bits = op.getVal();
  if (type != i32)
    bits = LLVM::BitcastOp::create(builder, loc, i32, bits);
  auto resultType = LLVM::LLVMStructType::getLiteral(op.getContext(), {type, builder.getI1Type()});
  Value result = slot(resultType);
  call("dlc_sim_shuffle", {site(op), constant(static_cast<int32_t>(op.getKind())),
                           op.getThreadMask(), bits, op.getOffset(), op.getMaskAndClamp(), result});
  Value loaded = LLVM::LoadOp::create(builder, loc, resultType, result);
  if (!op.getReturnValueAndIsValid())
    loaded = LLVM::ExtractValueOp::create(builder, loc, loaded, 0);
  op.getRes().replaceAllUsesWith(loaded);
  op.erase();
  return true;
}

bool Redirector::redirectMeeting(Operation *op) {
  return llvm::TypeSwitch<Operation *, bool>(op)
      .Case([&](NVVM::Barrier0Op) {
        return replace(op, "dlc_sim_barrier", {site(op), constant(0), constant(0)});
      })
      .Case([&](NVVM::BarrierOp barrier) {
        Value id = barrier.getBarrierId(), threads = barrier.getNumberOfThreads();
        if (barrier.getReductionOp())
          return false;
        return replace(op, "dlc_sim_barrier",
                       {site(op), id ? id : constant(0), threads ? threads : constant(0)});
      })
      .Case([&](NVVM::SyncWarpOp sync) {
        return replace(op, "dlc_sim_warp_barrier", {site(op), sync.getMask()});
      })
      .Case([&](NVVM::ElectSyncOp elect) {
        Value mask = elect.getMembermask();
        return replace(op, "dlc_sim_elect", {site(op), mask ? mask : constant(-1)});
      })
      .Case([&](NVVM::ShflOp op) { return shuffle(op); })
      .Default(false);
}

bool Redirector::redirectCopy(Operation *op) {
  return llvm::TypeSwitch<Operation *, bool>(op)
      .Case([&](NVVM::CpAsyncOp copy) {
        Value size = constant(copy.getSize()), used = copy.getCpSize();
        return replace(
            op, "dlc_sim_copy_async",
            {site(op), generic(copy.getDst()), generic(copy.getSrc()), size, used ? used : size});
      })
      .Case([&](NVVM::CpAsyncCommitGroupOp) { return replace(op, "dlc_sim_copy_commit", {}); })
      .Case([&](NVVM::CpAsyncWaitGroupOp wait) {
        return replace(op, "dlc_sim_copy_wait", constant(wait.getN()));
      })
      .Default(false);
}

bool Redirector::multiply(NVVM::MmaOp op) {
  NVVM::MMAShapeAttr shape = op.getShape();
  std::optional<NVVM::MMATypes> type = op.getMultiplicandAPtxType();
  bool isTf32 = type == NVVM::MMATypes::tf32, isBf16 = type == NVVM::MMATypes::bf16;
  if (shape.getM() != 16 || shape.getN() != 8 || !(isTf32 || isBf16) ||
      op.getMultiplicandBPtxType() != type || op.getLayoutA() != NVVM::MMALayout::row ||
      op.getLayoutB() != NVVM::MMALayout::col)
    return false;
  return replaceThroughMemory(op, isTf32 ? "dlc_sim_mma_tf32" : "dlc_sim_mma_bf16",
                              {site(op), constant(shape.getK()), spill(op.getOperandA()),
                               spill(op.getOperandB()), spill(op.getOperandC())});
}

bool Redirector::redirectMatrix(Operation *op) {
  auto isOf16Bits = [](auto matrix) {
    return matrix.getShape().getM() == 8 && matrix.getShape().getN() == 8 &&
           matrix.getEltType() == NVVM::LdStMatrixEltType::B16;
  };
  auto isTransposed = [&](auto matrix) { return flag(matrix.getLayout() == NVVM::MMALayout::col); };
  return llvm::TypeSwitch<Operation *, bool>(op)
      .Case([&](NVVM::LdMatrixOp load) {
        return isOf16Bits(load) &&
               replaceThroughMemory(
                   op, "dlc_sim_load_matrix",
                   {site(op), generic(load.getPtr()), constant(load.getNum()), isTransposed(load)});
      })
      .Case([&](NVVM::StMatrixOp store) {
        return isOf16Bits(store) &&
               replace(op, "dlc_sim_store_matrix",
                       {site(op), generic(store.getPtr()), constant(store.getSources().size()),
                        isTransposed(store), spill(store.getSources())});
      })
      .Case([&](NVVM::MmaOp mma) { return multiply(mma); })
      .Default(false);
}

/// The first number becomes the upper half.
bool Redirector::roundToBf16(NVVM::ConvertF32x2ToBF16x2Op op) {
  if (op.getRnd() != NVVM::FPRoundingMode::RN || op.getRelu())
    return false;
  Value both = LLVM::PoisonOp::create(builder, loc, op.getDst().getType());
  for (auto [i, number] : llvm::enumerate(ArrayRef<Value>{op.getSrcLo(), op.getSrcHi()})) {
    Value half = LLVM::FPTruncOp::create(builder, loc, builder.getBF16Type(), number);
    both = LLVM::InsertElementOp::create(builder, loc, both, half, constant(i));
  }
  op.getDst().replaceAllUsesWith(both);
  op.erase();
  return true;
}

bool Redirector::redirectNumber(Operation *op) {
  return llvm::TypeSwitch<Operation *, bool>(op)
      .Case([&](NVVM::ConvertFloatToTF32Op convert) {
        return convert.getRnd() == NVVM::FPRoundingMode::RNA && !convert.getRelu() &&
               replace(op, "dlc_sim_round_tf32", convert.getSrc(),
                       /*isPure=*/true);
      })
      .Case([&](NVVM::ConvertF32x2ToBF16x2Op convert) { return roundToBf16(convert); })
      .Default(false);
}

bool Redirector::load(NVVM::CpAsyncBulkTensorGlobalToSharedClusterOp op) {
  if (op.getPredicate() || op.getMulticastMask() ||
      (op.getMode() != NVVM::TMALoadMode::TILE && op.getMode() != NVVM::TMALoadMode::IM2COL))
    return false;
  ValueRange coordinates = op.getCoordinates(), offsets = op.getIm2colOffsets();
  return replace(op, "dlc_sim_bulk_load",
                 {site(op), generic(op.getDstMem()), generic(op.getTmaDescriptor()),
                  generic(op.getMbar()), constant(coordinates.size()), spill(coordinates),
                  constant(offsets.size()), spill(offsets)});
}

bool Redirector::redirectMbarrier(Operation *op) {
  auto arrive = [&](auto arrival, Value count, Value bytes) {
    LLVM::CallOp made =
        call("dlc_sim_mbarrier_arrive", {site(op), generic(arrival.getAddr()), count, bytes},
             builder.getI64Type());
    if (op->getNumResults())
      op->replaceAllUsesWith(made);
    op->erase();
    return true;
  };
  return llvm::TypeSwitch<Operation *, bool>(op)
      .Case([&](NVVM::MBarrierInitOp init) {
        return !init.getPredicate() &&
               replace(op, "dlc_sim_mbarrier_init",
                       {site(op), generic(init.getAddr()), init.getCount()});
      })
      .Case([&](NVVM::MBarrierArriveOp arrival) {
        return arrive(arrival, arrival.getCount() ? arrival.getCount() : constant(1), constant(0));
      })
      .Case([&](NVVM::MBarrierArriveExpectTxOp arrival) {
        return !arrival.getPredicate() && arrive(arrival, constant(1), arrival.getTxcount());
      })
      .Case([&](NVVM::MBarrierExpectTxOp expect) {
        return replace(op, "dlc_sim_mbarrier_expect",
                       {site(op), generic(expect.getAddr()), expect.getTxcount()});
      })
      .Case([&](NVVM::MBarrierTryWaitParityOp wait) {
        return replace(op, "dlc_sim_mbarrier_wait",
                       {site(op), generic(wait.getAddr()), wait.getPhase()});
      })
      .Case([&](NVVM::CpAsyncBulkTensorGlobalToSharedClusterOp copy) { return load(copy); })
      .Default(false);
}

bool Redirector::multiply(NVVM::WgmmaMmaAsyncOp op) {
  NVVM::WGMMATypes type = op.getTypeA();
  bool isBf16 = type == NVVM::WGMMATypes::bf16,
       isTransposed = op.getLayoutB() == NVVM::MMALayout::row;
  if ((!isBf16 && (type != NVVM::WGMMATypes::tf32 || isTransposed)) || op.getTypeB() != type ||
      op.getLayoutA() != NVVM::MMALayout::row || op.getTypeD() != NVVM::WGMMATypes::f32 ||
      op.getScaleA() != NVVM::WGMMAScaleIn::one || op.getScaleB() != NVVM::WGMMAScaleIn::one)
    return false;
  return replaceThroughMemory(op, "dlc_sim_wgmma",
                              {site(op), constant(op.getShape().getN()), flag(isBf16),
                               flag(isTransposed), flag(op.getScaleD() == NVVM::WGMMAScaleOut::one),
                               op.getDescriptorA(), op.getDescriptorB(), spill(op.getInouts())});
}

bool Redirector::redirectWarpgroup(Operation *op) {
  return llvm::TypeSwitch<Operation *, bool>(op)
      .Case([&](NVVM::WgmmaMmaAsyncOp multiplication) { return multiply(multiplication); })
      .Case([&](NVVM::WgmmaGroupSyncAlignedOp) {
        return replace(op, "dlc_sim_wgmma_commit", site(op));
      })
      .Case([&](NVVM::WgmmaWaitGroupSyncOp wait) {
        return replace(op, "dlc_sim_wgmma_wait", {site(op), constant(wait.getGroup())});
      })
      .Default(false);
}

/// Erases what changes nothing that the simulator knows of: it has as many registers as it takes,
/// and what a thread does is seen at once.
bool Redirector::isForHardwareAlone(Operation *op) {
  if (!isa<NVVM::SetMaxRegisterOp, NVVM::WgmmaFenceAlignedOp, NVVM::FenceProxyOp,
           NVVM::FenceMbarrierInitOp, NVVM::PrefetchOp>(op))
    return false;
  op->erase();
  return true;
}

LogicalResult Redirector::run() {
  SmallVector<Operation *> ops;
  func.walk([&](Operation *op) {
    if (isa<NVVM::NVVMDialect>(op->getDialect()) ||
        isa<LLVM::InlineAsmOp, LLVM::CallIntrinsicOp>(op))
      ops.push_back(op);
  });
  for (Operation *op : ops) {
    builder.setInsertionPoint(op);
    loc = op->getLoc();
    if (!redirectRegister(op) && !redirectMeeting(op) && !redirectCopy(op) && !redirectMatrix(op) &&
        !redirectNumber(op) && !redirectMbarrier(op) && !redirectWarpgroup(op) &&
        !isForHardwareAlone(op))
      return op->emitOpError("is not known to the GPU simulator in this form");
  }
  return success();
}

/// Each loop tells of its rounds: a block does that one behind it, which it comes before, jumps to.
void Redirector::countRounds() {
  if (func.getBody().hasOneBlock())
    return;
  DominanceInfo dominance(func);
  for (Block &block : func.getBody()) {
    bool isLoop = llvm::any_of(block.getPredecessors(),
                               [&](Block *other) { return dominance.dominates(&block, other); });
    if (!isLoop)
      continue;
    builder.setInsertionPointToStart(&block);
    loc = block.front().getLoc();
    call("dlc_sim_step", site(&block.front()));
  }
}

/// Whether other threads may write there: not in what a thread has for itself, nor constants.
static bool isSeenByOthers(Value address) {
  while (Operation *op = address.getDefiningOp()) {
    if (isa<LLVM::AllocaOp>(op))
      return false;
    if (auto name = dyn_cast<LLVM::AddressOfOp>(op)) {
      auto global =
          SymbolTable::lookupNearestSymbolFrom<LLVM::GlobalOp>(op, name.getGlobalNameAttr());
      return !global || !global.getConstant();
    }
    if (!isa<LLVM::GEPOp, LLVM::AddrSpaceCastOp, LLVM::BitcastOp>(op))
      return true;
    address = op->getOperand(0);
  }
  return true;
}

void Redirector::traceAccesses() {
  DataLayout layout = DataLayout::closest(func);
  SmallVector<Operation *> accesses;
  func.walk([&](Operation *op) {
    if (isa<LLVM::LoadOp, LLVM::StoreOp>(op))
      accesses.push_back(op);
  });
  for (Operation *op : accesses) {
    auto load = dyn_cast<LLVM::LoadOp>(op);
    Value address = load ? load.getAddr() : cast<LLVM::StoreOp>(op).getAddr();
    if (!isSeenByOthers(address))
      continue;
    Type type = load ? load.getType() : cast<LLVM::StoreOp>(op).getValue().getType();
    builder.setInsertionPoint(op);
    loc = op->getLoc();
    call(load ? "dlc_sim_read" : "dlc_sim_write",
         {site(op), generic(address), constant(layout.getTypeSize(type).getFixedValue())});
  }
}

LogicalResult dlc::cuda::redirectToSimulator(LLVM::LLVMFuncOp func, bool traced) {
  Redirector redirector(func);
  if (traced)
    redirector.traceAccesses();
  redirector.countRounds();
  return redirector.run();
}
