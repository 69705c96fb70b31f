//! Messages on the wire.

use std::marker::PhantomData;

use prost::Message;
use tonic::Status;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};

/// Reads requests of type `I` and writes answers of type `O`.
#[derive(Debug)]
pub(super) struct ProstCodec<I, O>(PhantomData<fn(I) -> O>);

/// Writes messages of one type.
#[derive(Debug)]
pub(super) struct Write<O>(PhantomData<fn(O)>);

/// Reads messages of one type.
#[derive(Debug)]
pub(super) struct Read<I>(PhantomData<fn() -> I>);

// === impl ProstCodec ===

impl<I, O> Default for ProstCodec<I, O> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<I: Message + Default + 'static, O: Message + 'static> Codec for ProstCodec<I, O> {
    type Encode = O;
    type Decode = I;
    type Encoder = Write<O>;
    type Decoder = Read<I>;

    fn encoder(&mut self) -> Self::Encoder {
        Write(PhantomData)
    }

    fn decoder(&mut self) -> Self::Decoder {
        Read(PhantomData)
    }
}

impl<O: Message> Encoder for Write<O> {
    type Item = O;
    type Error = Status;

    fn encode(&mut self, message: O, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        message.encode(buffer).map_err(|error| Status::internal(error.to_string()))
    }
}

impl<I: Message + Default> Decoder for Read<I> {
    type Item = I;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<I>, Status> {
        I::decode(buffer).map(Some).map_err(|error| Status::internal(error.to_string()))
    }
}
