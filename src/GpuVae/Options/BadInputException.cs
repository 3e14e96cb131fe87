namespace GpuVae.Options;

/// <summary>
/// What the user handed in is wrong: a file, a folder, an option. The message is meant to be printed as it is and says what was
/// wrong, in which file or option, and what to do next. A program that meets it should exit with code 2.
/// </summary>
public sealed class BadInputException(string message, Exception? inner = null) : Exception(message, inner);
