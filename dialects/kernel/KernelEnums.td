//===- KernelEnums.td - enumerations of the kernel dialect ------*- tablegen -*-===//

#ifndef DLC_DIALECTS_KERNEL_KERNELENUMS_TD
#define DLC_DIALECTS_KERNEL_KERNELENUMS_TD

include "mlir/IR/EnumAttr.td"

def Kernel_Layout : I32EnumAttr<"Layout", "a blocked layout", [
    I32EnumAttrCase<"Image", 0, "image">, I32EnumAttrCase<"Matrix", 1, "matrix">,
    I32EnumAttrCase<"Vector", 2, "vector">, I32EnumAttrCase<"Conv", 3, "conv">,
    I32EnumAttrCase<"Dense", 4, "dense">, I32EnumAttrCase<"Depthwise", 5, "depthwise">]> {
  let cppNamespace = "::dlc::kernel";
  let genSpecializedAttr = 0;
}

def Kernel_Math : I32EnumAttr<"Math", "how a block of a GPU multiplies", [
    I32EnumAttrCase<"Simt", 0, "simt">, I32EnumAttrCase<"Tf32", 1, "tf32">,
    I32EnumAttrCase<"Bf16", 2, "bf16">, I32EnumAttrCase<"WgmmaTf32", 3, "wgmma_tf32">,
    I32EnumAttrCase<"WgmmaBf16", 4, "wgmma_bf16">]> {
  let cppNamespace = "::dlc::kernel";
  let genSpecializedAttr = 0;
}

#endif // DLC_DIALECTS_KERNEL_KERNELENUMS_TD
