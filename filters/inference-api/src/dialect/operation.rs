/// What a request wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// OpenAI `chat/completions`
    ChatCompletions,
    /// OpenAI `completions`
    Completions,
    /// OpenAI `embeddings`, vLLM `/v2/embed`
    Embeddings,
    /// OpenAI `responses`
    Responses,
    /// OpenAI `moderations`
    Moderations,
    /// OpenAI `audio/speech`
    Speech,
    /// OpenAI `audio/transcriptions`, `audio/translations`
    Transcription,
    /// OpenAI `images/generations`
    ImageGeneration,
    /// OpenAI `images/edits`, `images/variations`
    ImageEdit,
    /// Several requests in one body, each with its own model, which is not read.
    Batch,
    /// Anthropic `messages`
    Messages,
    /// How many tokens a prompt has.
    CountTokens,
    /// vLLM `rerank`
    Rerank,
    /// vLLM `score`
    Score,
    /// vLLM `pooling`
    Pooling,
    /// vLLM `tokenize`, `detokenize`
    Tokenize,
    /// Open Inference Protocol `infer`, `ModelInfer`
    Infer,
    /// `ModelStreamInfer`, `infer_stream`
    InferStream,
    /// Triton `generate`
    Generate,
    /// Triton `generate_stream`
    GenerateStream,
    /// A prediction: TensorFlow Serving, TorchServe, `PredictionService`.
    Predict,
    /// KServe v1 `:explain`, TorchServe `/explanations`
    Explain,
    /// TensorFlow Serving `Classify`, vLLM `/classify`
    Classify,
    /// TensorFlow Serving `Regress`
    Regress,
    /// TensorFlow Serving `MultiInference`: several heads of one model.
    MultiInference,
    /// Inputs, outputs or configuration of a model.
    ModelMetadata,
    /// Whether a model is ready.
    ModelReady,
    /// Which versions of a model are in which state, or how it is doing.
    ModelStatus,
    /// Which models there are.
    ListModels,
    /// A response that OpenAI's server kept: to see, cancel or delete it.
    StoredResponse,
    /// What the server is.
    ServerMetadata,
    /// Whether the server is well.
    Health,
    /// gRPC server reflection.
    Reflection,
    /// Something that changes or exposes the server itself: repository, shared
    /// memory, tracing, logging, metrics, `/invocations`.
    Admin,
    /// None of these.
    Other,
}

impl Operation {
    /// Whether it asks a model to work on a payload: the model must be known.
    pub const fn is_inference(self) -> bool {
        !matches!(
            self,
            Self::ModelMetadata
                | Self::ModelReady
                | Self::ModelStatus
                | Self::ListModels
                | Self::StoredResponse
                | Self::ServerMetadata
                | Self::Health
                | Self::Reflection
                | Self::Admin
                | Self::Other
        )
    }

    /// Its name in metrics and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ChatCompletions => "chat_completions",
            Self::Completions => "completions",
            Self::Embeddings => "embeddings",
            Self::Responses => "responses",
            Self::Moderations => "moderations",
            Self::Speech => "speech",
            Self::Transcription => "transcription",
            Self::ImageGeneration => "image_generation",
            Self::ImageEdit => "image_edit",
            Self::Batch => "batch",
            Self::Messages => "messages",
            Self::CountTokens => "count_tokens",
            Self::Rerank => "rerank",
            Self::Score => "score",
            Self::Pooling => "pooling",
            Self::Tokenize => "tokenize",
            Self::Infer => "infer",
            Self::InferStream => "infer_stream",
            Self::Generate => "generate",
            Self::GenerateStream => "generate_stream",
            Self::Predict => "predict",
            Self::Explain => "explain",
            Self::Classify => "classify",
            Self::Regress => "regress",
            Self::MultiInference => "multi_inference",
            Self::ModelMetadata => "model_metadata",
            Self::ModelReady => "model_ready",
            Self::ModelStatus => "model_status",
            Self::ListModels => "list_models",
            Self::StoredResponse => "stored_response",
            Self::ServerMetadata => "server_metadata",
            Self::Health => "health",
            Self::Reflection => "reflection",
            Self::Admin => "admin",
            Self::Other => "other",
        }
    }
}
