/// What a tensor's elements are.
///
/// Source: Open Inference Protocol, "Tensor Data Types"; Triton adds `BF16`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Datatype {
    /// One byte, 0 or 1.
    Bool,
    /// 8 bits without a sign.
    Uint8,
    /// 16 bits without a sign.
    Uint16,
    /// 32 bits without a sign.
    Uint32,
    /// 64 bits without a sign.
    Uint64,
    /// 8 bits.
    Int8,
    /// 16 bits.
    Int16,
    /// 32 bits.
    Int32,
    /// 64 bits.
    Int64,
    /// IEEE 754 half precision.
    Fp16,
    /// The upper half of an `FP32`.
    Bf16,
    /// IEEE 754 single precision.
    Fp32,
    /// IEEE 754 double precision.
    Fp64,
    /// Byte strings of any length.
    Bytes,
}

/// The datatype that a tensor is said to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeclaredDatatype {
    /// One that we know.
    Known(Datatype),
    /// Another one.
    Unknown,
}

impl Datatype {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Bool,
        Self::Uint8,
        Self::Uint16,
        Self::Uint32,
        Self::Uint64,
        Self::Int8,
        Self::Int16,
        Self::Int32,
        Self::Int64,
        Self::Fp16,
        Self::Bf16,
        Self::Fp32,
        Self::Fp64,
        Self::Bytes,
    ];

    /// Its name in the Open Inference Protocol, which is case-sensitive.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bool => "BOOL",
            Self::Uint8 => "UINT8",
            Self::Uint16 => "UINT16",
            Self::Uint32 => "UINT32",
            Self::Uint64 => "UINT64",
            Self::Int8 => "INT8",
            Self::Int16 => "INT16",
            Self::Int32 => "INT32",
            Self::Int64 => "INT64",
            Self::Fp16 => "FP16",
            Self::Bf16 => "BF16",
            Self::Fp32 => "FP32",
            Self::Fp64 => "FP64",
            Self::Bytes => "BYTES",
        }
    }

    /// The datatype of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|datatype| datatype.name() == name)
    }

    /// The datatype that is a `DataType` of TensorFlow's. Quantised types, complex
    /// numbers, resources, variants and references have none.
    ///
    /// Source: TensorFlow, `types.proto`.
    pub const fn of_tensorflow(number: u64) -> Option<Self> {
        Some(match number {
            1 => Self::Fp32,
            2 => Self::Fp64,
            3 => Self::Int32,
            4 => Self::Uint8,
            5 => Self::Int16,
            6 => Self::Int8,
            7 => Self::Bytes,
            9 => Self::Int64,
            10 => Self::Bool,
            14 => Self::Bf16,
            17 => Self::Uint16,
            19 => Self::Fp16,
            22 => Self::Uint32,
            23 => Self::Uint64,
            _ => return None,
        })
    }

    /// How many bytes an element has; `None` for byte strings.
    pub const fn element_bytes(self) -> Option<u64> {
        Some(match self {
            Self::Bool | Self::Uint8 | Self::Int8 => 1,
            Self::Uint16 | Self::Int16 | Self::Fp16 | Self::Bf16 => 2,
            Self::Uint32 | Self::Int32 | Self::Fp32 => 4,
            Self::Uint64 | Self::Int64 | Self::Fp64 => 8,
            Self::Bytes => return None,
        })
    }

    /// How many elements so many bytes of raw data are; `None` if they end inside
    /// one, and for byte strings.
    pub fn elements_in(self, bytes: u64) -> Option<u64> {
        let size = self.element_bytes()?;
        if bytes.checked_rem(size) == Some(0) { bytes.checked_div(size) } else { None }
    }

    /// Whether its elements can be other than finite.
    pub const fn is_float(self) -> bool {
        matches!(self, Self::Fp16 | Self::Bf16 | Self::Fp32 | Self::Fp64)
    }

    /// The least and the largest value of a whole number, as floats; `None` for
    /// floats and byte strings. At 64 bits the nearest float is one too large.
    pub const fn integer_range(self) -> Option<(f64, f64)> {
        Some(match self {
            Self::Bool => (0.0, 1.0),
            Self::Uint8 => (0.0, 255.0),
            Self::Uint16 => (0.0, 65_535.0),
            Self::Uint32 => (0.0, 4_294_967_295.0),
            Self::Uint64 => (0.0, 18_446_744_073_709_551_615.0),
            Self::Int8 => (-128.0, 127.0),
            Self::Int16 => (-32_768.0, 32_767.0),
            Self::Int32 => (-2_147_483_648.0, 2_147_483_647.0),
            Self::Int64 => (-9_223_372_036_854_775_808.0, 9_223_372_036_854_775_807.0),
            Self::Fp16 | Self::Bf16 | Self::Fp32 | Self::Fp64 | Self::Bytes => return None,
        })
    }
}
