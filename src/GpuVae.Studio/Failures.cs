using Microsoft.Extensions.Logging;

namespace GpuVae.Studio;

/// <summary>Every way in which a request ends badly: a status, and one message as JSON.</summary>
internal sealed partial class Failures(StudioOptions options)
{
    public async Task Invoke(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
            if (context.Response is { HasStarted: false, StatusCode: >= 400, ContentType: null })
                await Write(context, context.Response.StatusCode, context.Response.StatusCode switch
                {
                    StatusCodes.Status404NotFound => $"There is nothing at {context.Request.Path}. /openapi/v1.json tells what there is.",
                    StatusCodes.Status405MethodNotAllowed => $"{context.Request.Path} does not take {context.Request.Method}.",
                    StatusCodes.Status415UnsupportedMediaType => "The body must be JSON: send 'Content-Type: application/json'.",
                    _ => "The request was not understood.",
                });
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody waits for an answer.
        }
        catch (Exception error) when (!context.Response.HasStarted)
        {
            int status = StatusOf(error);
            if (status == StatusCodes.Status500InternalServerError)
                LogFailure(options.Logger, context.Request.Path, error);
            if (status == StatusCodes.Status503ServiceUnavailable)
                context.Response.Headers.RetryAfter = "1";
            await Write(context, status, MessageOf(error));
        }
    }

    public static Task Write(HttpContext context, int status, string error)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsJsonAsync(new ErrorAnswer(error));
    }

    /// <summary>What a client is told.</summary>
    public string MessageOf(Exception error) => error switch
    {
        BadInputException => options.Explain(error.Message),
        // A request's body that is no JSON tells more inside.
        BadHttpRequestException { InnerException: { } inside } => inside.Message,
        ArgumentException or BadHttpRequestException or UnknownRunException or ModelBusyException => error.Message,
        _ => "The server failed; what starts it shows why.",
    };

    private static int StatusOf(Exception error) => error switch
    {
        BadHttpRequestException bad => bad.StatusCode,
        UnknownRunException => StatusCodes.Status404NotFound,
        ModelBusyException => StatusCodes.Status503ServiceUnavailable,
        BadInputException or ArgumentException => StatusCodes.Status400BadRequest,
        _ => StatusCodes.Status500InternalServerError,
    };

    [LoggerMessage(LogLevel.Error, "{Path} failed")]
    private static partial void LogFailure(ILogger logger, string path, Exception error);
}

/// <summary>Why there is no other answer.</summary>
/// <param name="Error">One message.</param>
internal sealed record ErrorAnswer(string Error);
