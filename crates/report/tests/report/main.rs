//! What a person sees, over reports made by hand, and that the JSON keeps its promise.

mod json;
mod models;
mod pages;
