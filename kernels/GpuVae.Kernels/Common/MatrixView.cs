using System.Runtime.CompilerServices;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Common;

/// <summary>
/// A float32 matrix in device memory: [<see cref="Rows"/> × <see cref="Columns"/>], one row after the other, or, where it
/// <see cref="IsTransposed"/>, one column after the other. A matrix that exists fits its view.
/// </summary>
public readonly record struct MatrixView
{
    /// <summary>A matrix whose rows follow each other without a gap.</summary>
    /// <param name="view">rows · columns elements at least.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Columns.</param>
    /// <param name="name">What messages call it; the compiler fills it in.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is negative.</exception>
    /// <exception cref="ArgumentException">The view is too short, or the matrix spans more than 2³¹ elements.</exception>
    public MatrixView(FloatView view, int rows, int columns, [CallerArgumentExpression(nameof(view))] string name = "")
        : this(view, rows, columns, Math.Max(columns, 1), name)
    {
    }

    /// <summary>A matrix with gaps between its rows.</summary>
    /// <param name="view">(rows - 1) · pitch + columns elements at least.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Columns.</param>
    /// <param name="pitch">Elements from one row to the next.</param>
    /// <param name="name">What messages call it; the compiler fills it in.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is negative.</exception>
    /// <exception cref="ArgumentException">
    /// The pitch is less than a row, the view is too short, or the matrix spans more than 2³¹ elements.
    /// </exception>
    public MatrixView(FloatView view, int rows, int columns, int pitch, [CallerArgumentExpression(nameof(view))] string name = "")
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegative(columns);
        if (pitch < Math.Max(columns, 1))
        {
            throw new ArgumentException(
                $"The pitch of {name} is {pitch}, but its rows have {columns} elements; it must be at least that and at least 1.");
        }
        long needed = rows == 0 || columns == 0 ? 0 : (long)(rows - 1) * pitch + columns;
        if (view.Length < needed)
        {
            throw new ArgumentException(
                $"{name} is {rows} × {columns} with pitch {pitch} and needs {needed} elements, but its view has {view.Length}.");
        }
        if (needed > int.MaxValue)
            throw new ArgumentException($"{name} spans {needed} elements; the kernels index with 32 bits. Take it in parts.");
        (View, Rows, Columns, Pitch) = (view, rows, columns, pitch);
    }

    private MatrixView(FloatView view, int rows, int columns, int pitch, bool isTransposed) =>
        (View, Rows, Columns, Pitch, IsTransposed) = (view, rows, columns, pitch, isTransposed);

    /// <summary>The elements.</summary>
    public FloatView View { get; }

    /// <summary>Rows of the matrix, however it lies.</summary>
    public int Rows { get; }

    /// <summary>Columns of the matrix, however it lies.</summary>
    public int Columns { get; }

    /// <summary>Elements from one row to the next; from one column to the next where it <see cref="IsTransposed"/>.</summary>
    public int Pitch { get; }

    /// <summary>Whether the elements of a column are neighbours in memory, rather than those of a row.</summary>
    public bool IsTransposed { get; }

    /// <summary>The transpose, [columns × rows], of which the same memory is read another way.</summary>
    public MatrixView Transposed => new(View, Columns, Rows, Pitch, !IsTransposed);

    /// <summary>Whether there are no elements, as in the default value.</summary>
    public bool IsEmpty => Rows == 0 || Columns == 0;

    /// <summary>Elements from one row to the next.</summary>
    internal int RowStep => IsTransposed ? 1 : Pitch;

    /// <summary>Elements from one column to the next.</summary>
    internal int ColumnStep => IsTransposed ? Pitch : 1;

    /// <summary>Throws unless the matrix lies row by row, with neighbouring rows where gaps are not allowed.</summary>
    internal void RequireRows(string name, bool allowsGaps = true)
    {
        if (IsTransposed || (!allowsGaps && Pitch != Math.Max(Columns, 1)))
            throw new ArgumentException($"{name} must lie row by row{(allowsGaps ? "" : " without gaps")}.", name);
    }
}
