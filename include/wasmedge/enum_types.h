/* Numbers of the type system. */
#ifndef WHERRY_WASMEDGE_ENUM_TYPES_H
#define WHERRY_WASMEDGE_ENUM_TYPES_H

/* Type codes, as in the binary format. */
enum WasmEdge_TypeCode {
  WasmEdge_TypeCode_TypeIndex = 0x00,
  WasmEdge_TypeCode_I32 = 0x7F,
  WasmEdge_TypeCode_I64 = 0x7E,
  WasmEdge_TypeCode_F32 = 0x7D,
  WasmEdge_TypeCode_F64 = 0x7C,
  WasmEdge_TypeCode_V128 = 0x7B,
  WasmEdge_TypeCode_I8 = 0x78,
  WasmEdge_TypeCode_I16 = 0x77,
  WasmEdge_TypeCode_NullExnRef = 0x74,
  WasmEdge_TypeCode_NullFuncRef = 0x73,
  WasmEdge_TypeCode_NullExternRef = 0x72,
  WasmEdge_TypeCode_NullRef = 0x71,
  WasmEdge_TypeCode_FuncRef = 0x70,
  WasmEdge_TypeCode_ExternRef = 0x6F,
  WasmEdge_TypeCode_AnyRef = 0x6E,
  WasmEdge_TypeCode_EqRef = 0x6D,
  WasmEdge_TypeCode_I31Ref = 0x6C,
  WasmEdge_TypeCode_StructRef = 0x6B,
  WasmEdge_TypeCode_ArrayRef = 0x6A,
  WasmEdge_TypeCode_ExnRef = 0x69,
  WasmEdge_TypeCode_Ref = 0x64,
  WasmEdge_TypeCode_RefNull = 0x63,
  WasmEdge_TypeCode_Func = 0x60,
  WasmEdge_TypeCode_Struct = 0x5F,
  WasmEdge_TypeCode_Array = 0x5E,
  WasmEdge_TypeCode_Sub = 0x50,
  WasmEdge_TypeCode_SubFinal = 0x4F,
  WasmEdge_TypeCode_Rec = 0x4E,
  WasmEdge_TypeCode_Epsilon = 0x40
};

/* Of globals. */
enum WasmEdge_Mutability { WasmEdge_Mutability_Const = 0x00, WasmEdge_Mutability_Var = 0x01 };

/* What can be imported and exported. */
enum WasmEdge_ExternalType {
  WasmEdge_ExternalType_Function = 0x00,
  WasmEdge_ExternalType_Table = 0x01,
  WasmEdge_ExternalType_Memory = 0x02,
  WasmEdge_ExternalType_Global = 0x03,
  WasmEdge_ExternalType_Tag = 0x04
};

/* Type codes of components. */
enum WasmEdge_ComponentTypeCode {
  WasmEdge_ComponentTypeCode_TypeIndex = 0x00,
  WasmEdge_ComponentTypeCode_Bool = 0x7F,
  WasmEdge_ComponentTypeCode_S8 = 0x7E,
  WasmEdge_ComponentTypeCode_U8 = 0x7D,
  WasmEdge_ComponentTypeCode_S16 = 0x7C,
  WasmEdge_ComponentTypeCode_U16 = 0x7B,
  WasmEdge_ComponentTypeCode_S32 = 0x7A,
  WasmEdge_ComponentTypeCode_U32 = 0x79,
  WasmEdge_ComponentTypeCode_S64 = 0x78,
  WasmEdge_ComponentTypeCode_U64 = 0x77,
  WasmEdge_ComponentTypeCode_F32 = 0x76,
  WasmEdge_ComponentTypeCode_F64 = 0x75,
  WasmEdge_ComponentTypeCode_Char = 0x74,
  WasmEdge_ComponentTypeCode_String = 0x73,
  WasmEdge_ComponentTypeCode_Record = 0x72,
  WasmEdge_ComponentTypeCode_Variant = 0x71,
  WasmEdge_ComponentTypeCode_List = 0x70,
  WasmEdge_ComponentTypeCode_Tuple = 0x6F,
  WasmEdge_ComponentTypeCode_Flags = 0x6E,
  WasmEdge_ComponentTypeCode_Enum = 0x6D,
  WasmEdge_ComponentTypeCode_Option = 0x6B,
  WasmEdge_ComponentTypeCode_Result = 0x6A,
  WasmEdge_ComponentTypeCode_Own = 0x69,
  WasmEdge_ComponentTypeCode_Borrow = 0x68,
  WasmEdge_ComponentTypeCode_ListLen = 0x67,
  WasmEdge_ComponentTypeCode_Stream = 0x66,
  WasmEdge_ComponentTypeCode_Future = 0x65,
  WasmEdge_ComponentTypeCode_ErrContext = 0x64
};

#endif
