using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace GpuVae.Studio;

/// <summary>
/// Decides who may ask for anything. A page of a stranger, open in the same browser, must not drive the models: it can send requests here,
/// also under a name that it lets resolve to this machine (DNS rebinding). So the Host must be an address or a name of this machine, and
/// what a browser says of a request's origin must be this very page. Beyond the loopback address everybody needs the token.
/// </summary>
internal sealed class Guard(StudioOptions options, string? token)
{
    public const int MostBodyBytes = 32 << 20;

    private const int LargeBody = 1 << 20;

    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; base-uri 'none'; "
        + "form-action 'none'; frame-ancestors 'none'";

    // Bodies take memory: of large ones a few are read at a time.
    private static readonly SemaphoreSlim LargeBodies = new(4);

    private readonly string[] names =
    [
        "localhost", options.Host, .. token is null ? (string[])[] : [Dns.GetHostName()],
    ];

    public async Task Invoke(HttpContext context, RequestDelegate next)
    {
        IHeaderDictionary headers = context.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers.CacheControl = "no-store";
        HttpRequest request = context.Request;
        if (!IsKnownHost(request.Host))
        {
            await Refuse(StatusCodes.Status403Forbidden, "This server has another name. Open the address that 'gpuvae serve' printed.");
        }
        else if (!IsOwnOrigin(request))
        {
            await Refuse(StatusCodes.Status403Forbidden, "Requests of other pages are refused.");
        }
        else if (token is not null && Present(request) is { } given && request.Path == "/" && request.Query.ContainsKey("token"))
        {
            // The token leaves the address line, where it would be shown to whoever looks.
            context.Response.Cookies.Append(
                CookieName(request), given, new CookieOptions { HttpOnly = true, SameSite = SameSiteMode.Strict });
            context.Response.Redirect("/");
        }
        else if (token is not null && Present(request) is null)
        {
            await Refuse(
                StatusCodes.Status401Unauthorized,
                "A token is needed. Open the address that 'gpuvae serve' printed, or send it as 'Authorization: Bearer TOKEN'.");
        }
        else if (request.ContentLength > MostBodyBytes)
        {
            headers.Connection = "close";
            await Refuse(
                StatusCodes.Status413PayloadTooLarge,
                $"The body has {request.ContentLength} bytes; at most {MostBodyBytes} are accepted. Send a smaller picture.");
        }
        else if (request.ContentLength > LargeBody || IsChunked(context))
        {
            await LargeBodies.WaitAsync(context.RequestAborted);
            try
            {
                await next(context);
            }
            finally
            {
                LargeBodies.Release();
            }
        }
        else
        {
            await next(context);
        }

        Task Refuse(int status, string error) => Failures.Write(context, status, error);
    }

    private bool IsKnownHost(HostString host) =>
        IPAddress.TryParse(host.Host.Trim('[', ']'), out IPAddress? address)
            ? token is not null || IPAddress.IsLoopback(address)
            : names.Contains(host.Host, StringComparer.OrdinalIgnoreCase);

    /// <summary>Programs say nothing of an origin. Browsers always do, but for a visit by a link or the address line.</summary>
    private static bool IsOwnOrigin(HttpRequest request)
    {
        StringValues origin = request.Headers.Origin;
        if (origin.Count > 0)
            return origin == $"{request.Scheme}://{request.Host}";
        string? site = request.Headers["Sec-Fetch-Site"];
        bool isVisit = request.Path == "/" && HttpMethods.IsGet(request.Method) && request.Headers["Sec-Fetch-Dest"] == "document";
        return site is null or "same-origin" or "none" || isVisit;
    }

    /// <summary>The token, where the request has it.</summary>
    private string? Present(HttpRequest request)
    {
        const string scheme = "Bearer ";
        string? authorization = request.Headers.Authorization;
        string? given = authorization?.StartsWith(scheme, StringComparison.OrdinalIgnoreCase) == true
            ? authorization[scheme.Length..]
            : request.Cookies[CookieName(request)] ?? (string?)request.Query["token"];
        byte[] wanted = Encoding.UTF8.GetBytes(token!);
        return given is not null && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), wanted) ? given : null;
    }

    /// <summary>Browsers keep cookies by host alone: servers on several ports need several names.</summary>
    private static string CookieName(HttpRequest request) => $"gpuvae-{request.HttpContext.Connection.LocalPort}";

    private static bool IsChunked(HttpContext context) =>
        context.Request.ContentLength is null && context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody == true;
}
